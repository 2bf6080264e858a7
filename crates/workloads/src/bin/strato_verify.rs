//! `strato-verify HOST:PORT PATH [TEXT]`: asks once, by HTTP. It ends well if the answer is 200 and holds the text; either
//! way it says what was answered. `skaffold verify` runs it beside a release.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::process::ExitCode;
use std::time::Duration;

/// No answer of Strato takes longer.
const PATIENCE: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let told = match &args[..] {
        [address, path] => verified(address, path, ""),
        [address, path, text] => verified(address, path, text),
        _ => Err("usage: strato-verify HOST:PORT PATH [TEXT]".to_owned()),
    };
    let (line, code) = match told {
        Ok(line) => (line, ExitCode::SUCCESS),
        Err(line) => (line, ExitCode::FAILURE),
    };
    let written = writeln!(io::stdout(), "{line}");
    written.map_or(ExitCode::FAILURE, |()| code)
}

/// What was answered, if that is what is wanted; else what is wrong with it.
fn verified(address: &str, path: &str, text: &str) -> Result<String, String> {
    let answer = asked(address, path).map_err(|error| format!("GET http://{address}{path}: {error}"))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split_whitespace().nth(1).unwrap_or("no status");
    let told = format!("GET http://{address}{path}: {status} {body}");
    match (status, body.contains(text)) {
        ("200", true) => Ok(told),
        ("200", false) => Err(format!("{told}\nexpected `{text}` in it")),
        _ => Err(format!("{told}\nexpected 200")),
    }
}

fn asked(address: &str, path: &str) -> io::Result<String> {
    let unknown = || io::Error::new(io::ErrorKind::NotFound, "no such address");
    let found = address.to_socket_addrs()?.next().ok_or_else(unknown)?;
    let mut stream = TcpStream::connect_timeout(&found, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    // HTTP/1.0: the answer ends with the connection.
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
