//! The card: what an agent says of itself, in the form of the A2A protocol.

use super::config::{Config, Role};
use serde_json::{Value, json};

/// The answer to `GET /agent-card`.
pub(super) fn card(config: &Config) -> Value {
    let role = config.role;
    json!({
        "name": format!("pallet-{role}"),
        "description": description(role),
        "version": env!("CARGO_PKG_VERSION"),
        "url": config.url,
        "capabilities": { "streaming": false, "pushNotifications": false },
        "defaultInputModes": ["application/json"],
        "defaultOutputModes": ["application/json"],
        "skills": [
            { "id": role.word(), "name": description(role), "description": description(role), "tags": [role.word()] },
            {
                "id": "registry.status", "name": "Registry status", "tags": ["registry"],
                "description": "Says whether the registry that this agent works with answers",
            },
        ],
    })
}

fn description(role: Role) -> &'static str {
    match role {
        Role::Plan => "Plans what is to be built and stored in the registry",
        Role::Build => "Builds artifacts and stores them in the registry",
        Role::Test => "Tests artifacts that the registry holds",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_card_names_role_and_url() {
        let (url, registry) = ("http://localhost:8002".to_owned(), "http://r".to_owned());
        let card = card(&Config { role: Role::Build, port: 8002, url, registry, fault: None });
        assert_eq!(
            (card["name"].as_str(), card["url"].as_str()),
            (Some("pallet-build"), Some("http://localhost:8002"))
        );
        assert_eq!(card["skills"][0]["id"], "build");
        for field in ["name", "description", "version", "url", "capabilities", "skills"] {
            assert!(!card[field].is_null(), "{field}");
        }
    }
}
