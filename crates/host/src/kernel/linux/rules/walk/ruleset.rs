//! The rules of `nft -j list ruleset` (libnftables-json(5)), found by where they stand.

use std::collections::HashMap;

use serde_json::Value;

use super::super::nft;

/// Where a chain or a set stands: family, table, name.
pub(super) type Place<'a> = (&'a str, &'a str, &'a str);

/// Every chain, rule and set.
pub(super) struct Ruleset<'a> {
    /// The chains that a hook leads to.
    pub(super) bases: Vec<Base<'a>>,
    /// The rules of each chain, in their order.
    chains: HashMap<Place<'a>, Vec<&'a Value>>,
    /// The elements of each set and map.
    sets: HashMap<Place<'a>, &'a Value>,
}

/// A chain that a hook leads to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Base<'a> {
    pub(super) place: Place<'a>,
    pub(super) hook: &'a str,
    /// Whether it sees only the first packet of a connection.
    pub(super) nat: bool,
    pub(super) priority: i64,
    pub(super) drops: bool,
    /// The devices it is for, where it is for some.
    pub(super) devices: &'a Value,
}

impl<'a> Ruleset<'a> {
    /// What is not of the documented shape is skipped.
    pub(super) fn of(document: &'a Value) -> Self {
        let mut all = Self { bases: Vec::new(), chains: HashMap::new(), sets: HashMap::new() };
        let objects = document["nftables"].as_array().map(Vec::as_slice).unwrap_or_default();
        for (kind, body) in objects.iter().filter_map(Value::as_object).flatten() {
            all.add(kind, body);
        }
        // The kernel walks the chains of a hook by priority, and those of the same one in the order of their making.
        all.bases.sort_by_key(|base| base.priority);
        all
    }

    fn add(&mut self, kind: &str, body: &'a Value) {
        let text = |key: &str| body[key].as_str();
        let place = |name| Some((text("family")?, text("table")?, text(name)?));
        match kind {
            "chain" => {
                let (Some(place), Some(hook)) = (place("name"), text("hook")) else { return };
                let devices = if body["dev"].is_null() { &body["device"] } else { &body["dev"] };
                let (nat, drops) = (text("type") == Some("nat"), text("policy") == Some("drop"));
                let priority = body["prio"].as_i64().unwrap_or_default();
                self.bases.push(Base { place, hook, nat, priority, drops, devices });
            }
            "rule" => {
                let Some(place) = place("chain") else { return };
                self.chains.entry(place).or_default().push(body);
            }
            "set" | "map" => {
                let Some(place) = place("name") else { return };
                self.sets.insert(place, &body["elem"]);
            }
            _ => {}
        }
    }

    /// The rules of a chain.
    pub(super) fn rules(&self, place: Place<'a>) -> &[&'a Value] {
        self.chains.get(&place).map(Vec::as_slice).unwrap_or_default()
    }

    /// The elements of what is written `@name` in a table.
    pub(super) fn elements(&self, place: Place<'a>) -> Option<&'a Value> {
        self.sets.get(&place).copied()
    }

    /// How many rules there are.
    pub(super) fn count(&self) -> usize {
        self.chains.values().map(Vec::len).sum()
    }

    /// Every rule with the chain it stands in.
    pub(super) fn every_rule(&self) -> impl Iterator<Item = (&'a str, &'a Value)> {
        self.chains.iter().flat_map(|((_, _, chain), rules)| rules.iter().map(move |rule| (*chain, *rule)))
    }
}

/// A rule as `nft` writes it, as far as it is shown, and where it stands.
pub(super) fn words(rule: &Value, place: Place<'_>) -> String {
    let expressions = rule["expr"].as_array().map(Vec::as_slice).unwrap_or_default();
    let parts: Vec<String> = expressions.iter().filter_map(nft::words).collect();
    at(&parts.join(" "), place)
}

/// A chain's policy, and where it stands.
pub(super) fn policy(place: Place<'_>) -> String {
    at("policy drop", place)
}

/// The line that takes a rule away.
pub(super) fn deletion(rule: &Value, (family, table, chain): Place<'_>) -> Option<String> {
    let handle = rule["handle"].as_u64()?;
    Some(format!("sudo nft delete rule {family} {table} {chain} handle {handle}"))
}

/// The line that lets loopback pass a chain whose policy drops.
pub(super) fn exception(base: &Base<'_>) -> Option<String> {
    let (family, table, chain) = base.place;
    let device = match base.hook {
        "input" | "prerouting" => "iif",
        "output" | "postrouting" => "oif",
        _ => return None,
    };
    Some(format!("sudo nft insert rule {family} {table} {chain} {device} lo accept"))
}

fn at(text: &str, (family, table, chain): Place<'_>) -> String {
    format!("{text} (table {family} {table}, chain {chain})")
}
