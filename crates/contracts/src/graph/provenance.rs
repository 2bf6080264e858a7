//! Where a finding is: the rendered line of a path, and the template line that made it where that is certain.

use super::Document;
use crate::diagnostic::child;
use crate::load::tree;
use crate::model::{ChartPlan, Where};

impl Document {
    /// The place of a path of this object: the template, the template's line where the text occurs once there, and
    /// the rendered line.
    pub(crate) fn place(&self, chart: &ChartPlan, path: &[String]) -> Where {
        let rendered = self.line_of(path);
        let source = self.source.as_deref().unwrap_or("templates");
        let template = chart.templates.get(&chart.file(source));
        let line = template.and_then(|template| self.template_line(template, rendered));
        Where { file: chart.shown(source), line, note: Some(format!("rendered line {rendered}")) }
    }

    /// The rendered line of a path, or of the nearest thing around it that has one.
    pub(crate) fn line_of(&self, path: &[String]) -> usize {
        let pointer = path.iter().fold(String::new(), |pointer, step| child(&pointer, step));
        let line = tree::parse("", self.text()).map_or(1, |tree| tree.places.at(&pointer).key.line);
        self.first_line + line - 1
    }

    fn template_line(&self, template: &str, rendered_line: usize) -> Option<usize> {
        let rendered = self.text().lines().nth(rendered_line - self.first_line)?.trim();
        let key = rendered.split_once(':').map(|(key, _)| format!("{key}:"));
        let exact = only_line(template, |line| line.trim() == rendered);
        exact.or_else(|| only_line(template, |line| key.as_ref().is_some_and(|key| line.trim().starts_with(key))))
    }
}

fn only_line(template: &str, is_it: impl Fn(&str) -> bool) -> Option<usize> {
    let mut hits = template.lines().enumerate().filter(|(_, line)| is_it(line)).map(|(index, _)| index + 1);
    let first = hits.next()?;
    hits.next().is_none().then_some(first)
}
