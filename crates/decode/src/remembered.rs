//! Things by their names, the oldest of which are forgotten when they become too many: what clients prepare and may never
//! close.

use std::{collections::HashMap, hash::Hash};

#[derive(Debug, Clone)]
pub(crate) struct Remembered<K, T> {
    known: HashMap<K, Known<T>>,
    turn: u64,
    cost: usize,
}

#[derive(Debug, Clone)]
struct Known<T> {
    turn: u64,
    cost: usize,
    value: T,
}

impl<K, T> Default for Remembered<K, T> {
    fn default() -> Self {
        Self { known: HashMap::new(), turn: 0, cost: 0 }
    }
}

impl<K: Hash + Eq + Clone, T> Remembered<K, T> {
    /// Remembers something that costs so many bytes; `most` are how many are remembered, and how many bytes of them.
    pub(crate) fn put(&mut self, name: K, value: T, cost: usize, most: (usize, usize)) {
        self.remove(&name);
        while !self.known.is_empty() && (self.known.len() >= most.0 || self.cost + cost > most.1) {
            let oldest = self.known.iter().min_by_key(|(_, known)| known.turn).map(|(name, _)| name.clone());
            if let Some(name) = oldest {
                self.remove(&name);
            }
        }
        self.turn += 1;
        self.cost += cost;
        self.known.insert(name, Known { turn: self.turn, cost, value });
    }

    pub(crate) fn get<Q: Hash + Eq + ?Sized>(&self, name: &Q) -> Option<&T>
    where
        K: std::borrow::Borrow<Q>,
    {
        self.known.get(name).map(|known| &known.value)
    }

    pub(crate) fn get_mut<Q: Hash + Eq + ?Sized>(&mut self, name: &Q) -> Option<&mut T>
    where
        K: std::borrow::Borrow<Q>,
    {
        self.known.get_mut(name).map(|known| &mut known.value)
    }

    pub(crate) fn remove<Q: Hash + Eq + ?Sized>(&mut self, name: &Q)
    where
        K: std::borrow::Borrow<Q>,
    {
        if let Some(known) = self.known.remove(name) {
            self.cost -= known.cost;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten() {
        let mut remembered = Remembered::default();
        for (name, cost) in [("a", 5), ("b", 5), ("a", 1), ("c", 5)] {
            remembered.put(name, cost, cost, (2, 10));
        }
        assert_eq!(
            [remembered.get("a"), remembered.get("b"), remembered.get("c")],
            [Some(&1), None, Some(&5)]
        );
        remembered.put("d", 10, 10, (2, 10));
        assert_eq!([remembered.get("a"), remembered.get("c"), remembered.get("d")], [None, None, Some(&10)]);
    }
}
