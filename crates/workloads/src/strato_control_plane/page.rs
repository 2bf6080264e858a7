//! `GET /`: the agents, for people with a browser.

use super::agents::Agent;
use super::fault::Fault;
use super::plane::ControlPlane;
use axum::extract::State;
use axum::response::{Html, IntoResponse as _, Response};
use std::sync::Arc;

/// The page.
pub(super) async fn page(State(plane): State<Arc<ControlPlane>>) -> Response {
    let agents = plane.agents.list();
    if plane.config.faults.has(Fault::PlainPage) {
        return format!("{} agents", agents.len()).into_response();
    }
    Html(of(&agents)).into_response()
}

fn of(agents: &[Agent]) -> String {
    let rows: String = agents.iter().map(row).collect();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>Strato</title></head>\n<body>\n\
         <h1>Strato</h1>\n<table>\n\
         <tr><th>Agent</th><th>Host</th><th>Mode</th><th>Session</th><th>Connected</th><th>Last heartbeat</th></tr>\n\
         {rows}</table>\n</body>\n</html>\n"
    )
}

fn row(agent: &Agent) -> String {
    let host = agent.hostname.as_deref().unwrap_or_default();
    let mode = agent.mode.as_deref().unwrap_or_default();
    let connected = if agent.connected { "yes" } else { "no" };
    let heard = agent.last_heartbeat.to_string();
    let cells = [&agent.id, host, mode, &agent.session_id, connected, &heard];
    let cells: Vec<String> = cells.iter().map(|cell| escaped(cell)).collect();
    format!("<tr><td>{}</td></tr>\n", cells.join("</td><td>"))
}

/// Agents choose their names: none may become a part of the page.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frames::Register;
    use jiff::Timestamp;

    #[test]
    fn a_name_is_shown_and_not_obeyed() {
        let register = Register { agent_id: "<script>".to_owned(), ..Register::default() };
        let page = of(&[Agent::new(&register, "s1".to_owned(), 5, Timestamp::now())]);
        assert!(page.contains("<td>&lt;script&gt;</td>") && page.contains("<td>s1</td>"), "{page}");
        assert!(!page.contains("<script>"), "{page}");
    }
}
