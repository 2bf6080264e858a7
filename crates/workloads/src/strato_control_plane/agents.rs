//! Who is connected: one live session an agent. What connections learn is published here, and read by the API.

use crate::frames::Register;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// So many agents that are gone are remembered.
const REMEMBERED: usize = 50;

/// What the API says about an agent. Counts are those of the session.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Agent {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) hostname: Option<String>,
    pub(super) version: Option<String>,
    pub(super) mode: Option<String>,
    pub(super) session_id: String,
    pub(super) connected: bool,
    pub(super) connected_at: Timestamp,
    /// To register is a sign of life, too.
    pub(super) last_heartbeat: Timestamp,
    pub(super) heartbeat_seconds: u32,
    pub(super) heartbeats: u64,
    pub(super) acknowledged: u64,
    pub(super) pings_sent: u64,
    pub(super) pongs_received: u64,
}

impl Agent {
    /// An agent that has just registered.
    pub(super) fn new(register: &Register, session_id: String, heartbeat_seconds: u32, now: Timestamp) -> Self {
        Self {
            id: register.agent_id.clone(),
            name: register.hostname.clone().unwrap_or_else(|| register.agent_id.clone()),
            hostname: register.hostname.clone(),
            version: register.version.clone(),
            mode: register.mode.clone(),
            session_id,
            connected: true,
            connected_at: now,
            last_heartbeat: now,
            heartbeat_seconds,
            heartbeats: 0,
            acknowledged: 0,
            pings_sent: 0,
            pongs_received: 0,
        }
    }
}

/// All agents, by their ids.
#[derive(Debug, Default)]
pub(super) struct Agents(Mutex<BTreeMap<String, (Agent, Arc<Notify>)>>);

impl Agents {
    /// An agent registered; whoever had its place before, on another connection, is told.
    pub(super) fn register(&self, agent: Agent, connection: &Arc<Notify>) {
        let mut agents = self.lock();
        let before = agents.insert(agent.id.clone(), (agent, Arc::clone(connection)));
        if let Some((before, other)) = before
            && before.connected
            && !Arc::ptr_eq(&other, connection)
        {
            other.notify_one();
        }
        forget_some(&mut agents);
    }

    /// The session goes on, or has ended.
    pub(super) fn update(&self, agent: &Agent) {
        if let Some((known, _)) = self.lock().get_mut(&agent.id)
            && known.session_id == agent.session_id
        {
            known.clone_from(agent);
        }
    }

    /// The agent left for good.
    pub(super) fn remove(&self, agent: &Agent) {
        let mut agents = self.lock();
        if agents.get(&agent.id).is_some_and(|(known, _)| known.session_id == agent.session_id) {
            agents.remove(&agent.id);
        }
    }

    /// All of them, in the order of their ids.
    pub(super) fn list(&self) -> Vec<Agent> {
        self.lock().values().map(|(agent, _)| agent.clone()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, (Agent, Arc<Notify>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Agents that come under ever new names must not fill the memory: those that went first are forgotten.
fn forget_some(agents: &mut BTreeMap<String, (Agent, Arc<Notify>)>) {
    let gone = agents.values().filter(|(agent, _)| !agent.connected);
    let mut gone: Vec<_> = gone.map(|(agent, _)| (agent.last_heartbeat, agent.id.clone())).collect();
    gone.sort_unstable();
    for (_, id) in gone.iter().rev().skip(REMEMBERED) {
        agents.remove(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agent(id: &str, session: &str) -> Agent {
        let register = Register { agent_id: id.to_owned(), ..Register::default() };
        Agent::new(&register, session.to_owned(), 5, Timestamp::now())
    }

    #[tokio::test]
    async fn an_agent_has_one_session() {
        let (agents, first, second) = (Agents::default(), Arc::new(Notify::new()), Arc::new(Notify::new()));
        let old = agent("a", "1");
        agents.register(old.clone(), &first);
        agents.register(agent("a", "2"), &second);
        first.notified().await;
        agents.update(&Agent { connected: false, ..old.clone() });
        agents.remove(&old);
        let listed = agents.list();
        assert_eq!(listed.iter().map(|a| (a.session_id.as_str(), a.connected)).collect::<Vec<_>>(), [("2", true)]);
    }

    #[test]
    fn few_of_those_that_are_gone_are_remembered() {
        let (agents, connection) = (Agents::default(), Arc::new(Notify::new()));
        for i in 0..REMEMBERED + 10 {
            let agent = agent(&format!("a{i}"), "s");
            agents.register(agent.clone(), &connection);
            agents.update(&Agent { connected: false, ..agent });
        }
        agents.register(agent("last", "s"), &connection);
        let listed = agents.list();
        assert_eq!(listed.len(), REMEMBERED + 1);
        assert!(listed.iter().any(|agent| agent.id == "last") && !listed.iter().any(|agent| agent.id == "a0"));
    }
}
