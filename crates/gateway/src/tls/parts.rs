//! What stands in each certificate of the local authority: pure, given a time.

use std::time::Duration;

use jiff::Timestamp;
use navyd_model::target::Host;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyUsagePurpose, SanType, date_time_ymd,
};

use super::scope;

const DAY: i64 = 24 * 60 * 60;

/// How long the authority is valid: Apple's programs refuse anything that is valid for more than 825 days.
pub(super) const AUTHORITY: i64 = 2 * 365 * DAY;

/// How long a leaf is.
pub(super) const LEAF: i64 = 30 * DAY;

/// How long before it was made a certificate is valid already: clocks of containers and virtual machines lag.
const BEFORE: i64 = 60 * 60;

/// The longest common name (RFC 5280, appendix A.1).
const LONGEST_COMMON_NAME: usize = 64;

/// The root. `mark` tells it from the roots of other installations.
pub(super) fn root(now: Timestamp, mark: &str) -> CertificateParams {
    let mut params = valid(now, AUTHORITY);
    params.distinguished_name = name(&format!("navyd local authority {mark}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(1));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

/// The intermediate. The constraints stand on it and not on the root, since some programs ignore those of a root.
pub(super) fn intermediate(now: Timestamp, mark: &str) -> CertificateParams {
    let mut params = valid(now, AUTHORITY);
    params.distinguished_name = name(&format!("navyd local intermediate {mark}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.name_constraints = Some(scope::constraints());
    params.use_authority_key_identifier_extension = true;
    params
}

/// Until when an authority is valid that is made now.
pub(super) fn expires(now: Timestamp) -> Timestamp {
    Timestamp::from_second(now.as_second() + AUTHORITY).unwrap_or(Timestamp::MAX)
}

/// A root that signs leaves by itself. It stands for both, so the constraints are on it.
pub(super) fn throwaway(now: Timestamp, mark: &str) -> CertificateParams {
    let mut params = root(now, mark);
    params.distinguished_name = name(&format!("navyd throwaway authority {mark}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.name_constraints = Some(scope::constraints());
    params
}

/// A leaf for these alternative names, valid no longer than its authority.
pub(super) fn leaf(now: Timestamp, until: Timestamp, names: Vec<SanType>, common: &str) -> CertificateParams {
    let mut params = valid(now, LEAF.min(until.as_second() - now.as_second()));
    params.distinguished_name = name(common);
    params.subject_alt_names = names;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    params
}

/// The common name of a leaf: its first name where that fits.
pub(super) fn common_name(hosts: &[Host]) -> String {
    let first = hosts.first().map(ToString::to_string);
    first.filter(|name| name.len() <= LONGEST_COMMON_NAME).unwrap_or_else(|| "navyd".to_owned())
}

/// Whether a certificate that was made then, and is valid until, is to be made anew: after two thirds of its life.
pub(super) fn is_due(made: Timestamp, until: Timestamp, now: Timestamp) -> bool {
    (now.as_second() - made.as_second()) * 3 >= (until.as_second() - made.as_second()) * 2
}

/// Valid for so many seconds.
fn valid(now: Timestamp, time: i64) -> CertificateParams {
    let epoch = date_time_ymd(1970, 1, 1);
    // A clock before 1970 is none.
    let since = |second: i64| Duration::from_secs(u64::try_from(second).unwrap_or(0));
    let mut params = CertificateParams::default();
    params.not_before = epoch + since(now.as_second() - BEFORE);
    params.not_after = epoch + since(now.as_second() + time);
    params
}

fn name(common: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationName, "navyd");
    name.push(DnType::CommonName, common);
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_are_made_anew_at_two_thirds_of_their_life() {
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        for (made, until, now, expected) in [
            (0, 30 * DAY, 0, false),
            (0, 30 * DAY, 20 * DAY - 1, false),
            (0, 30 * DAY, 20 * DAY, true),
            (0, 30 * DAY, 31 * DAY, true),
            // The authority ends first.
            (0, 3 * DAY, 2 * DAY - 1, false),
            (0, 3 * DAY, 2 * DAY, true),
            // The clock was set back.
            (10 * DAY, 40 * DAY, 0, false),
            (5, 5, 5, true),
        ] {
            assert_eq!(is_due(at(made), at(until), at(now)), expected, "{made} {until} {now}");
        }
    }

    #[test]
    fn long_names_are_not_common_names() {
        let long = format!("{}.localhost", "a".repeat(55));
        for (first, expected) in
            [("shop.localhost", "shop.localhost"), (long.as_str(), "navyd"), ("127.0.0.1", "127.0.0.1")]
        {
            assert_eq!(common_name(&[Host::Name(first.to_owned())]), expected);
        }
        assert_eq!(common_name(&[]), "navyd");
    }
}
