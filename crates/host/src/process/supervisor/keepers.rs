//! The programs that are known to keep their children, one line each.

use navyd_model::SupervisorKind::{self, Manager, Multiplexer, Session};

use crate::process::launch::Clue::{self, Name, NameWith, Path, Runs};

/// A program that keeps its children.
pub(super) struct Keeper {
    /// How it is known.
    pub(super) clue: Clue,
    /// What kind it is.
    pub(super) kind: SupervisorKind,
    /// What people call it.
    pub(super) name: &'static str,
    /// How a child of it is stopped for good.
    pub(super) stop: Stop,
}

/// How a child is stopped for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// By stopping it: nobody starts it again.
    Process,
    /// By stopping the keeper, which has no command for one child, and ends its children with it.
    Keeper,
    /// `pm2 stop`.
    Pm2,
    /// `forever stop`.
    Forever,
    /// `supervisorctl stop`.
    Supervisorctl,
    /// `sv stop`.
    Runit,
}

const fn row(clue: Clue, kind: SupervisorKind, name: &'static str, stop: Stop) -> Keeper {
    Keeper { clue, kind, name, stop }
}

/// The table; of two that fit one program, the first counts.
pub(super) const KEEPERS: &[Keeper] = &[
    row(NameWith("PM2", "God"), Manager, "pm2", Stop::Pm2),
    row(Name("supervisord"), Manager, "supervisord", Stop::Supervisorctl),
    row(Name("runsv"), Manager, "runit", Stop::Runit),
    row(Runs("node", "/forever/bin/monitor"), Manager, "forever", Stop::Forever),
    row(Runs("node", "/forever-monitor/bin/monitor"), Manager, "forever", Stop::Forever),
    row(Name("nodemon"), Manager, "nodemon", Stop::Keeper),
    row(Name("node-dev"), Manager, "node-dev", Stop::Keeper),
    row(Name("ts-node-dev"), Manager, "ts-node-dev", Stop::Keeper),
    row(NameWith("tsx", "watch"), Manager, "tsx watch", Stop::Keeper),
    row(NameWith("node", "--watch"), Manager, "node --watch", Stop::Keeper),
    row(NameWith("nest", "--watch"), Manager, "nest --watch", Stop::Keeper),
    row(Name("cargo-watch"), Manager, "cargo-watch", Stop::Keeper),
    row(Name("watchexec"), Manager, "watchexec", Stop::Keeper),
    row(Name("bacon"), Manager, "bacon", Stop::Keeper),
    row(Name("systemfd"), Manager, "systemfd", Stop::Keeper),
    row(Name("air"), Manager, "air", Stop::Keeper),
    row(Name("reflex"), Manager, "reflex", Stop::Keeper),
    row(Name("CompileDaemon"), Manager, "CompileDaemon", Stop::Keeper),
    row(Name("modd"), Manager, "modd", Stop::Keeper),
    row(Name("wgo"), Manager, "wgo", Stop::Keeper),
    row(Name("gow"), Manager, "gow", Stop::Keeper),
    row(Name("entr"), Manager, "entr", Stop::Keeper),
    row(Name("watchmedo"), Manager, "watchmedo", Stop::Keeper),
    row(Name("hupper"), Manager, "hupper", Stop::Keeper),
    row(Name("watchfiles"), Manager, "watchfiles", Stop::Keeper),
    row(Name("circusd"), Manager, "circus", Stop::Keeper),
    row(Name("foreman"), Manager, "foreman", Stop::Keeper),
    row(Runs("tmux", "overmind-"), Manager, "overmind", Stop::Keeper),
    row(Name("overmind"), Manager, "overmind", Stop::Keeper),
    row(Name("hivemind"), Manager, "hivemind", Stop::Keeper),
    row(Name("honcho"), Manager, "honcho", Stop::Keeper),
    row(Name("goreman"), Manager, "goreman", Stop::Keeper),
    row(Name("forego"), Manager, "forego", Stop::Keeper),
    row(Name("process-compose"), Manager, "process-compose", Stop::Keeper),
    row(Name("mprocs"), Manager, "mprocs", Stop::Keeper),
    row(Name("tmux"), Multiplexer, "tmux", Stop::Process),
    row(Name("screen"), Multiplexer, "screen", Stop::Process),
    row(Name("SCREEN"), Multiplexer, "screen", Stop::Process),
    row(Name("zellij"), Multiplexer, "Zellij", Stop::Process),
    row(Name("dtach"), Multiplexer, "dtach", Stop::Process),
    row(Name("abduco"), Multiplexer, "abduco", Stop::Process),
    row(Name("claude"), Session, "Claude Code", Stop::Process),
    row(Name("@anthropic-ai/claude-code"), Session, "Claude Code", Stop::Process),
    row(Name("codex"), Session, "Codex", Stop::Process),
    row(Name("@openai/codex"), Session, "Codex", Stop::Process),
    row(Name("aider"), Session, "aider", Stop::Process),
    row(Name("gemini"), Session, "Gemini CLI", Stop::Process),
    row(Name("@google/gemini-cli"), Session, "Gemini CLI", Stop::Process),
    row(Name("qwen"), Session, "Qwen Code", Stop::Process),
    row(Name("opencode"), Session, "opencode", Stop::Process),
    row(Name("crush"), Session, "Crush", Stop::Process),
    row(Name("goose"), Session, "goose", Stop::Process),
    row(Name("amp"), Session, "Amp", Stop::Process),
    row(Name("copilot"), Session, "Copilot CLI", Stop::Process),
    row(Name("cursor-agent"), Session, "Cursor agent", Stop::Process),
    row(Path("/.cursor-server/"), Session, "Cursor server", Stop::Process),
    row(Path("/.windsurf-server/"), Session, "Windsurf server", Stop::Process),
    row(Path("/.vscode-server"), Session, "VS Code server", Stop::Process),
    row(Name("code-server"), Session, "code-server", Stop::Process),
    row(Path("/code-server/"), Session, "code-server", Stop::Process),
    row(Name("code"), Session, "VS Code", Stop::Process),
    row(Name("code-insiders"), Session, "VS Code", Stop::Process),
    row(Name("code-oss"), Session, "VS Code", Stop::Process),
    row(Name("codium"), Session, "VSCodium", Stop::Process),
    row(Name("cursor"), Session, "Cursor", Stop::Process),
    row(Name("windsurf"), Session, "Windsurf", Stop::Process),
    row(Name("zed"), Session, "Zed", Stop::Process),
    row(Name("zed-editor"), Session, "Zed", Stop::Process),
    row(Name("zed-remote-server"), Session, "Zed", Stop::Process),
    row(Name("idea"), Session, "IntelliJ IDEA", Stop::Process),
    row(Name("webstorm"), Session, "WebStorm", Stop::Process),
    row(Name("pycharm"), Session, "PyCharm", Stop::Process),
    row(Name("phpstorm"), Session, "PhpStorm", Stop::Process),
    row(Name("rubymine"), Session, "RubyMine", Stop::Process),
    row(Name("goland"), Session, "GoLand", Stop::Process),
    row(Name("clion"), Session, "CLion", Stop::Process),
    row(Name("rustrover"), Session, "RustRover", Stop::Process),
    row(Name("rider"), Session, "Rider", Stop::Process),
    row(Runs("java", "com.intellij.idea.Main"), Session, "JetBrains IDE", Stop::Process),
    row(Path("/.cache/JetBrains/RemoteDev/"), Session, "JetBrains IDE", Stop::Process),
    row(Name("nvim"), Session, "Neovim", Stop::Process),
    row(Name("vim"), Session, "Vim", Stop::Process),
    row(Name("emacs"), Session, "Emacs", Stop::Process),
    row(Name("hx"), Session, "Helix", Stop::Process),
    row(Name("helix"), Session, "Helix", Stop::Process),
    row(Name("sublime_text"), Session, "Sublime Text", Stop::Process),
];
