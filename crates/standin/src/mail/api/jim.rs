//! MailHog's Jim, who makes some mail fail: `/api/v2/jim`, as far as it is what chaos is here.
//!
//! Deliberately absent: connections that break or are slow. They are told as never, and asking for them is refused.

use serde::{Deserialize, Serialize};

use super::{
    Api, Said,
    answers::{json, refused},
    input,
};
use crate::{
    http::{Answer, Asked},
    mail::{
        limits,
        smtp::{Chaos, Trigger},
    },
};

/// How often Jim strikes unless he is told otherwise, of 1.
const USUAL: f64 = 0.05;

/// His document; chances are of 1.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Jim {
    disconnect_chance: f64,
    accept_chance: f64,
    link_speed_affect: f64,
    reject_sender_chance: f64,
    reject_recipient_chance: f64,
    reject_auth_chance: f64,
}

impl Default for Jim {
    fn default() -> Self {
        Self {
            disconnect_chance: 0.0,
            accept_chance: 1.0,
            link_speed_affect: 0.0,
            reject_sender_chance: USUAL,
            reject_recipient_chance: USUAL,
            reject_auth_chance: USUAL,
        }
    }
}

/// Answers what is asked of him; he is not there while nothing fails.
pub(super) async fn route(api: &Api, method: &str, asked: &mut Asked<'_>) -> Said {
    let Chaos { sender, recipient, authentication } = api.rules.chaos.get();
    let there = [sender, recipient, authentication].iter().any(|trigger| trigger.percent > 0);
    let away = || refused(404, "nothing fails: POST /api/v2/jim changes that, or PUT /api/v1/chaos");
    match method {
        "GET" if there => Ok(json(&Jim::of(api.rules.chaos.get()))),
        "POST" if there => Err(refused(400, "something fails already")),
        "POST" | "PUT" if method == "POST" || there => {
            let jim: Jim = input::document(asked, limits::REQUEST).await?;
            api.rules.chaos.set(jim.chaos()?);
            Ok(Answer::new(if method == "POST" { 201 } else { 200 }))
        }
        "DELETE" if there => {
            api.rules.chaos.set(Chaos::default());
            Ok(Answer::new(200))
        }
        "GET" | "PUT" | "DELETE" => Err(away()),
        _ => Err(refused(405, "Jim is asked with GET, POST, PUT or DELETE")),
    }
}

impl Jim {
    fn of(chaos: Chaos) -> Self {
        let chance = |trigger: Trigger| f64::from(trigger.percent) / 100.0;
        Self {
            reject_sender_chance: chance(chaos.sender),
            reject_recipient_chance: chance(chaos.recipient),
            reject_auth_chance: chance(chaos.authentication),
            ..Self::default()
        }
    }

    fn chaos(self) -> Result<Chaos, Answer> {
        let Self { disconnect_chance, accept_chance, link_speed_affect, .. } = self;
        if disconnect_chance != 0.0 || accept_chance != 1.0 || link_speed_affect != 0.0 {
            return Err(refused(400, "connections do not break here and are not slow"));
        }
        let trigger = |chance: f64| {
            // Of a chance that is not 0 something is left.
            let percent = (chance * 100.0).ceil();
            if !(0.0..=100.0).contains(&percent) {
                return Err(refused(400, "a chance is from 0 to 1"));
            }
            Ok(Trigger { percent: percent as u8, ..Trigger::default() })
        };
        Ok(Chaos {
            sender: trigger(self.reject_sender_chance)?,
            recipient: trigger(self.reject_recipient_chance)?,
            authentication: trigger(self.reject_auth_chance)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Jim;

    #[test]
    fn chances_become_percents() {
        for (document, expected) in [
            ("{}", Ok((5, 5, 5))),
            (r#"{"RejectSenderChance": 1, "RejectAuthChance": 0}"#, Ok((100, 5, 0))),
            (r#"{"RejectSenderChance": 0.001}"#, Ok((1, 5, 5))),
            (r#"{"RejectSenderChance": 1.1}"#, Err(400)),
            (r#"{"RejectSenderChance": -1}"#, Err(400)),
            (r#"{"DisconnectChance": 0.5}"#, Err(400)),
        ] {
            let jim: Jim = serde_json::from_str(document).unwrap();
            let chaos = jim.chaos().map_err(|answer| answer.status);
            let percents = chaos
                .map(|chaos| (chaos.sender.percent, chaos.recipient.percent, chaos.authentication.percent));
            assert_eq!(percents, expected, "{document}");
        }
    }
}
