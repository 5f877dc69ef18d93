//! Keywords that tell where an expression ends, and what a literal behind them is.

/// Where an expression ends and another begins.
pub(super) const BORDERS: [&str; 37] = [
    "AND",
    "CROSS",
    "DELETE",
    "DO",
    "ELSE",
    "EXCEPT",
    "EXECUTE",
    "FETCH",
    "FROM",
    "FULL",
    "GROUP",
    "HAVING",
    "IDENTIFIED",
    "INNER",
    "INSERT",
    "INTERSECT",
    "INTO",
    "JOIN",
    "LEFT",
    "LIMIT",
    "NATURAL",
    "OFFSET",
    "ON",
    "OR",
    "ORDER",
    "REQUIRE",
    "RETURNING",
    "RIGHT",
    "SELECT",
    "SET",
    "THEN",
    "UNION",
    "UPDATE",
    "VALUES",
    "WHEN",
    "WHERE",
    "XOR",
];

/// Those of them that join conditions, and end no list.
pub(super) const JOINTS: [&str; 6] = ["AND", "ELSE", "OR", "THEN", "WHEN", "XOR"];

/// Keywords in front of parentheses that are no call.
pub(super) const NO_CALL: [&str; 13] =
    ["ALL", "ANY", "AS", "CHECK", "EXISTS", "FILTER", "IN", "LIKE", "NOT", "OPTIONS", "OVER", "ROW", "SOME"];

/// What stands between a name and a value that is compared with it, besides signs.
pub(super) const COMPARES: [&str; 11] =
    ["BETWEEN", "BY", "DEFAULT", "ILIKE", "IN", "LIKE", "REGEXP", "RLIKE", "SIMILAR", "SOUNDS", "TO"];

/// Borders that are functions when a parenthesis follows.
pub(super) const FUNCTIONS: [&str; 3] = ["INSERT", "LEFT", "RIGHT"];

/// In front of an account of MySQL, `'ada'@'host'`.
pub(super) const ACCOUNTS: [&str; 4] = ["EXISTS", "FOR", "TO", "USER"];

/// What stands behind PASSWORD and is no password.
pub(super) const NO_PASSWORD: [&str; 7] = ["EXPIRE", "FOR", "HISTORY", "NULL", "RANDOM", "REQUIRE", "REUSE"];
