//! How a command is to do what changes something: whether at all, and whether it asks first.

/// What is typed behind every such command.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct How {
    /// Say what would be done, and do nothing
    #[arg(long, short = 'n', env = "NAVYD_DRY_RUN", value_parser = clap::builder::BoolishValueParser::new(), hide_env = true)]
    pub(super) dry_run: bool,

    /// Do not ask
    #[arg(long, short, env = "NAVYD_YES", value_parser = clap::builder::BoolishValueParser::new(), hide_env = true)]
    pub(super) yes: bool,
}
