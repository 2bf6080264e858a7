//! In which mode `up` works: kind where it can, Docker where that is preferred or something is missing.

use crate::failure::Failure;
use seatrial_harness::bootstrap::Mode;
use seatrial_harness::tools::{ToolError, Tools};

/// In which mode, and why.
#[derive(Debug)]
pub(super) enum Choice {
    /// A kind cluster.
    Kind(Tools),
    /// Containers; because a tool is missing (its name and remedy), or because they are preferred.
    Docker { because: Option<String> },
}

impl Choice {
    pub(super) fn mode(&self) -> Mode {
        match self {
            Self::Kind(_) => Mode::Kind,
            Self::Docker { .. } => Mode::Docker,
        }
    }
}

/// Looks for the tools, unless they are not wanted.
pub(super) fn choose(prefers_docker: bool) -> Result<Choice, Failure> {
    Tools::find_docker().map_err(|error| Failure::environment(&error))?;
    if prefers_docker {
        return Ok(Choice::Docker { because: None });
    }
    of_tools(Tools::find())
}

/// A tool that the user named and that does not fit is a mistake; one that is not there is not.
fn of_tools(found: Result<Tools, ToolError>) -> Result<Choice, Failure> {
    match found {
        Ok(tools) => Ok(Choice::Kind(tools)),
        Err(error @ ToolError::Missing { .. }) => Ok(Choice::Docker { because: Some(error.to_string()) }),
        Err(error) => Err(Failure::environment(&error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_tool_is_named_with_its_remedy() {
        let missing = ToolError::Missing { what: "kind (v0.31.0 or newer)".to_owned() };
        let Ok(Choice::Docker { because: Some(reason) }) = of_tools(Err(missing)) else { panic!("no fall-back") };
        assert_eq!(reason, "kind (v0.31.0 or newer) is missing: run `./just setup` (or `seatrial setup`)");
    }

    #[test]
    fn a_tool_that_the_user_named_must_fit() {
        let named = ToolError::Named { variable: "SEATRIAL_KIND", path: "/x".into(), reason: "is 0.1".to_owned() };
        let failure = of_tools(Err(named)).expect_err("a mistake");
        assert_eq!(failure.exit.code(), 30);
    }
}
