//! Files that others wrote, read within bounds: no device, no pipe, no file without end, and text.

use camino::Utf8Path;

/// Helm refuses larger files of a chart, and nobody writes larger ones by hand.
pub(crate) const LARGEST_FILE: u64 = 5 << 20;

/// The text of a file, or in one line why it can't be had.
pub(crate) fn text(path: &Utf8Path) -> Result<String, String> {
    let data = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if !data.is_file() {
        return Err("it is no file".to_owned());
    }
    if data.len() > LARGEST_FILE {
        return Err(too_large());
    }
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|_| "it is no UTF-8 text".to_owned())
}

/// What is said of a file that is not read.
pub(crate) fn too_large() -> String {
    format!("it is larger than {} MiB", LARGEST_FILE >> 20)
}

#[cfg(test)]
mod tests {
    use super::text;
    use camino::Utf8Path;

    #[test]
    fn only_texts_of_a_size_are_read() {
        let dir = tempfile::tempdir().expect("dir");
        let file = Utf8Path::from_path(dir.path()).expect("utf8").join("file");
        let of = |content: &[u8]| {
            std::fs::write(&file, content).expect("file");
            text(&file)
        };
        assert_eq!(of(b"a"), Ok("a".to_owned()));
        assert_eq!(of(b"\xff"), Err("it is no UTF-8 text".to_owned()));
        assert_eq!(of(&vec![b'x'; (5 << 20) + 1]), Err("it is larger than 5 MiB".to_owned()));
        assert_eq!(text("/dev/zero".into()), Err("it is no file".to_owned()));
    }
}
