//! The framework, or family of programs, that a holder runs.
//!
//! Three tables. Arguments come first, because a project may ask for several frameworks and the command
//! line says which one runs. An engine found there may carry a framework (`vite` carries SvelteKit when the
//! project asks for it). A manifest alone decides only when the program is the runtime that the manifest is
//! for. Bias: a tool that happens to run in a project's directory stays unknown rather than be called by the
//! project's framework. Pure; reads nothing.

use super::{
    launch::{Clue, Launch},
    project::{Ecosystem, Manifests},
};
use Clue::{Argument, Name, NameWith, Runs};
use Ecosystem::{Elixir, Go, Java, Node, Php, Python, Ruby, Rust};

/// What this program is when it listens: by the word of its command, whatever else is on its command line, and never by
/// a project that it happens to be built or started in.
const OWN: &[(&str, &str)] = &[
    ("serve", "navyd serve"),
    ("echo", "navyd echo"),
    ("sink", "navyd sink"),
    ("stub", "navyd stub"),
    ("ftp", "navyd ftp"),
    ("mail", "navyd mail"),
    ("hub", "navyd hub"),
];

/// What arguments show, the surest first.
const BY_ARGUMENTS: &[(Clue, &str)] = &[
    (Name("storybook"), "Storybook"),
    (Name("start-storybook"), "Storybook"),
    (Name("next-server"), "Next.js"),
    (Name("next"), "Next.js"),
    (Runs("node", "/.next/standalone/"), "Next.js"),
    (Name("nuxt"), "Nuxt"),
    (Name("nuxi"), "Nuxt"),
    (Name("@nuxt/cli"), "Nuxt"),
    (Runs("node", ".output/server/index.mjs"), "Nitro"),
    (Name("astro"), "Astro"),
    (Name("remix"), "Remix"),
    (Name("@remix-run/dev"), "Remix"),
    (Name("remix-serve"), "Remix"),
    (Name("@remix-run/serve"), "Remix"),
    (Name("react-router"), "React Router"),
    (Name("react-router-serve"), "React Router"),
    (Name("@react-router/dev"), "React Router"),
    (Name("gatsby"), "Gatsby"),
    (NameWith("ng", "serve"), "Angular"),
    (Name("@angular/cli"), "Angular"),
    (Name("react-scripts"), "Create React App"),
    (Name("vue-cli-service"), "Vue CLI"),
    (Name("@vue/cli-service"), "Vue CLI"),
    (Name("expo"), "Expo"),
    (NameWith("react-native", "start"), "Metro"),
    (Name("metro"), "Metro"),
    (Name("eleventy"), "Eleventy"),
    (Name("@11ty/eleventy"), "Eleventy"),
    (Name("docusaurus"), "Docusaurus"),
    (Name("parcel"), "Parcel"),
    (Name("rsbuild"), "Rsbuild"),
    (NameWith("rspack", "serve"), "Rspack"),
    (Name("webpack-dev-server"), "webpack-dev-server"),
    (NameWith("webpack", "serve"), "webpack-dev-server"),
    (NameWith("webpack-cli", "serve"), "webpack-dev-server"),
    (Name("vite"), "Vite"),
    (Name("vitest"), "Vitest"),
    (Name("nest"), "NestJS"),
    (Name("@nestjs/cli"), "NestJS"),
    (Name("wrangler"), "Wrangler"),
    (Name("workerd"), "Wrangler"),
    (Name("json-server"), "json-server"),
    (Name("http-server"), "http-server"),
    (Name("serve"), "serve"),
    (NameWith("manage.py", "runserver"), "Django"),
    (NameWith("django-admin", "runserver"), "Django"),
    (Name("daphne"), "Daphne"),
    (Name("fastapi"), "FastAPI"),
    (Name("flask"), "Flask"),
    (Name("streamlit"), "Streamlit"),
    (Name("gradio"), "Gradio"),
    (Name("mkdocs"), "MkDocs"),
    (Name("jupyter-lab"), "Jupyter"),
    (Name("jupyter-notebook"), "Jupyter"),
    (Name("jupyter-server"), "Jupyter"),
    (Name("jupyter"), "Jupyter"),
    (Name("jupyterlab"), "Jupyter"),
    (Name("notebook"), "Jupyter"),
    (Name("jupyterhub"), "Jupyter"),
    (Name("ipykernel_launcher"), "Jupyter"),
    (Name("uvicorn"), "Uvicorn"),
    (Name("hypercorn"), "Hypercorn"),
    (Name("granian"), "Granian"),
    (Name("gunicorn"), "Gunicorn"),
    (Name("waitress-serve"), "Waitress"),
    (Name("debugpy"), "debugpy"),
    (Name("http.server"), "http.server"),
    (NameWith("rails", "server"), "Rails"),
    (NameWith("rails", "s"), "Rails"),
    (Name("jekyll"), "Jekyll"),
    (Name("puma"), "Puma"),
    (Name("unicorn"), "Unicorn"),
    (Name("rackup"), "Rack"),
    (NameWith("artisan", "serve"), "Laravel"),
    (NameWith("artisan", "octane:start"), "Laravel"),
    (Runs("php", "/laravel/framework/"), "Laravel"),
    (Runs("java", "org.springframework.boot"), "Spring Boot"),
    (Runs("java", "spring-boot"), "Spring Boot"),
    (Runs("java", "quarkus"), "Quarkus"),
    (Runs("java", "micronaut"), "Micronaut"),
    (Argument("phx.server"), "Phoenix"),
    (NameWith("hugo", "server"), "Hugo"),
    (NameWith("hugo", "serve"), "Hugo"),
    (NameWith("trunk", "serve"), "Trunk"),
];

/// What an engine above carries, when the project asks for it.
const CARRIED: &[(&str, Ecosystem, &str, &str)] = &[
    ("Vite", Node, "@sveltejs/kit", "SvelteKit"),
    ("Vite", Node, "@remix-run/dev", "Remix"),
    ("Vite", Node, "@react-router/dev", "React Router"),
    ("Vite", Node, "@builder.io/qwik-city", "Qwik"),
    ("Vite", Node, "laravel-vite-plugin", "Vite"),
    ("Nitro", Node, "nuxt", "Nuxt"),
    ("Uvicorn", Python, "fastapi", "FastAPI"),
    ("Uvicorn", Python, "django", "Django"),
    ("Uvicorn", Python, "starlette", "Starlette"),
    ("Hypercorn", Python, "fastapi", "FastAPI"),
    ("Hypercorn", Python, "quart", "Quart"),
    ("Granian", Python, "fastapi", "FastAPI"),
    ("Daphne", Python, "django", "Django"),
    ("Gunicorn", Python, "django", "Django"),
    ("Gunicorn", Python, "fastapi", "FastAPI"),
    ("Gunicorn", Python, "flask", "Flask"),
    ("Waitress", Python, "flask", "Flask"),
    ("Puma", Ruby, "rails", "Rails"),
    ("Puma", Ruby, "sinatra", "Sinatra"),
    ("Unicorn", Ruby, "rails", "Rails"),
    ("Unicorn", Ruby, "sinatra", "Sinatra"),
    ("Rack", Ruby, "rails", "Rails"),
    ("Rack", Ruby, "sinatra", "Sinatra"),
];

/// What a manifest shows when its runtime runs; what is built on another comes before it.
const BY_MANIFEST: &[(Ecosystem, &str, &str)] = &[
    (Node, "next", "Next.js"),
    (Node, "nuxt", "Nuxt"),
    (Node, "astro", "Astro"),
    (Node, "@sveltejs/kit", "SvelteKit"),
    (Node, "@remix-run/*", "Remix"),
    (Node, "@react-router/node", "React Router"),
    (Node, "@nestjs/core", "NestJS"),
    (Node, "@adonisjs/core", "AdonisJS"),
    (Node, "@fresh/core", "Fresh"),
    (Node, "fastify", "Fastify"),
    (Node, "hono", "Hono"),
    (Node, "koa", "Koa"),
    (Node, "@hapi/hapi", "hapi"),
    (Node, "express", "Express"),
    (Python, "django", "Django"),
    (Python, "fastapi", "FastAPI"),
    (Python, "flask", "Flask"),
    (Python, "starlette", "Starlette"),
    (Python, "aiohttp", "aiohttp"),
    (Python, "tornado", "Tornado"),
    (Ruby, "rails", "Rails"),
    (Ruby, "sinatra", "Sinatra"),
    (Php, "laravel/framework", "Laravel"),
    (Php, "symfony/framework-bundle", "Symfony"),
    (Php, "slim/slim", "Slim"),
    (Go, "github.com/gin-gonic/gin", "Gin"),
    (Go, "github.com/labstack/echo*", "Echo"),
    (Go, "github.com/gofiber/fiber*", "Fiber"),
    (Go, "github.com/go-chi/chi*", "chi"),
    (Rust, "axum", "Axum"),
    (Rust, "actix-web", "Actix Web"),
    (Rust, "rocket", "Rocket"),
    (Rust, "warp", "warp"),
    (Rust, "poem", "Poem"),
    (Java, "spring-boot*", "Spring Boot"),
    (Java, "org.springframework.boot", "Spring Boot"),
    (Java, "quarkus*", "Quarkus"),
    (Java, "micronaut*", "Micronaut"),
    (Java, "ktor-*", "Ktor"),
    (Elixir, "phoenix", "Phoenix"),
];

/// npm packages that run a project's own script: a script of theirs says nothing about the framework.
const RUNNERS: &[&str] = &[
    "tsx",
    "ts-node",
    "ts-node-dev",
    "nodemon",
    "node-dev",
    "vite-node",
    "esno",
    "babel-node",
    "@babel/node",
    "pm2",
    "dotenv-cli",
    "dotenvx",
    "@dotenvx/dotenvx",
    "cross-env",
];

/// The framework that `launch` runs, in a project that asks for `manifests`.
pub fn of(launch: &Launch, manifests: &Manifests) -> Option<&'static str> {
    let signs = launch.signs();
    if signs.fit(Name("navyd")) {
        let command = |word: &String| OWN.iter().find(|(command, _)| command == word);
        return launch.argv.iter().skip(1).find_map(command).map(|(_, what)| *what);
    }
    if let Some((_, engine)) = BY_ARGUMENTS.iter().find(|(clue, _)| signs.fit(*clue)) {
        let carried = CARRIED
            .iter()
            .find(|(on, ecosystem, package, _)| on == engine && manifests.ask_for(*ecosystem, package));
        return Some(carried.map_or(engine, |(.., framework)| framework));
    }
    BY_MANIFEST
        .iter()
        .find(|(ecosystem, package, _)| {
            manifests.ask_for(*ecosystem, package) && runs(launch, *ecosystem, manifests)
        })
        .map(|(.., framework)| *framework)
}

/// Whether the program is the runtime of this ecosystem, running the project's own code.
fn runs(launch: &Launch, ecosystem: Ecosystem, manifests: &Manifests) -> bool {
    let name = launch.name.as_str();
    let own_executable = || {
        let below = launch.exe.as_deref().and_then(|exe| exe.strip_prefix(manifests.root.as_str()));
        below.is_some_and(|below| {
            let mut parts = below.split('/');
            parts.next() == Some("")
                && !parts.any(|part| matches!(part, "node_modules" | "vendor" | ".venv" | "venv"))
        })
    };
    let in_cargo_profile = || launch.mentions_exe("/debug/") || launch.mentions_exe("/release/");
    match ecosystem {
        Node => {
            matches!(name, "node" | "nodejs" | "bun" | "deno")
                && launch.npm_package().is_none_or(|package| RUNNERS.contains(&package))
        }
        // A module found by `-m` may be anybody's: only a script of one's own tells.
        Python => {
            (name.starts_with("python") || name.starts_with("pypy"))
                && launch.script().is_some_and(|script| script.ends_with(".py"))
        }
        Ruby => name.starts_with("ruby"),
        Php => name.starts_with("php") || name == "frankenphp",
        Java => name == "java",
        Elixir => name == "beam.smp",
        Rust => in_cargo_profile(),
        Go => launch.mentions_exe("/go-build") || own_executable() && !in_cargo_profile(),
    }
}

impl Launch {
    fn mentions_exe(&self, text: &str) -> bool {
        self.exe.as_deref().is_some_and(|exe| exe.contains(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Packages = &'static [(Ecosystem, &'static str)];

    #[test]
    fn the_command_line_wins_and_a_manifest_needs_its_runtime() {
        const BOTH: Packages = &[(Node, "express"), (Node, "vite"), (Python, "django"), (Python, "flask")];
        let rows: &[(&str, &[&str], Packages, Option<&str>)] = &[
            ("/usr/bin/node", &["node", "/p/node_modules/.bin/vite"], BOTH, Some("Vite")),
            (
                "/usr/bin/node",
                &["node", "/p/node_modules/vite/bin/vite.js"],
                &[(Node, "@sveltejs/kit")],
                Some("SvelteKit"),
            ),
            ("/usr/bin/node", &["next-server (v15.1.0)"], BOTH, Some("Next.js")),
            ("/usr/bin/node", &["node", "/p/node_modules/.bin/next", "dev"], &[], Some("Next.js")),
            (
                "/usr/bin/node",
                &["node", "/p/node_modules/@angular/cli/bin/ng.js", "serve"],
                &[],
                Some("Angular"),
            ),
            ("/usr/bin/node", &["node", "/p/node_modules/.bin/ng", "serve"], &[], Some("Angular")),
            (
                "/usr/bin/node",
                &["node", "/p/node_modules/.bin/storybook", "dev"],
                &[(Node, "vite")],
                Some("Storybook"),
            ),
            ("/usr/bin/node", &["node", ".output/server/index.mjs"], &[(Node, "nuxt")], Some("Nuxt")),
            (
                "/usr/bin/node",
                &["node", "/p/node_modules/.bin/webpack", "serve"],
                &[],
                Some("webpack-dev-server"),
            ),
            (
                "/usr/bin/node",
                &["node", "/p/node_modules/.bin/webpack", "--watch"],
                &[(Node, "express")],
                None,
            ),
            ("/usr/bin/node", &["node", "server.js"], BOTH, Some("Express")),
            ("/usr/bin/node", &["node", "/p/node_modules/.bin/tsx", "src/a.ts"], BOTH, Some("Express")),
            (
                "/usr/bin/node",
                &["node", "dist/main.js"],
                &[(Node, "express"), (Node, "@nestjs/core")],
                Some("NestJS"),
            ),
            ("/usr/bin/node", &["node", "/p/node_modules/.bin/eslint_d"], BOTH, None),
            ("/usr/bin/node", &["node", "server.js"], &[(Python, "django")], None),
            ("/usr/bin/sleep", &["sleep", "9"], BOTH, None),
            ("/usr/bin/python3.11", &["python3", "manage.py", "runserver"], BOTH, Some("Django")),
            ("/usr/bin/python3.11", &["python3", "-m", "flask", "run"], BOTH, Some("Flask")),
            (
                "/usr/bin/python3.11",
                &["python3", "/v/bin/uvicorn", "a:app"],
                &[(Python, "fastapi")],
                Some("FastAPI"),
            ),
            ("/usr/bin/python3.11", &["python3", "-m", "uvicorn", "a:app"], &[], Some("Uvicorn")),
            ("/usr/bin/python3.11", &["gunicorn: master [a:app]"], &[(Python, "flask")], Some("Flask")),
            ("/usr/bin/python3.11", &["python3", "app.py"], &[(Python, "flask")], Some("Flask")),
            ("/usr/bin/python3.11", &["python3", "-m", "http.server"], BOTH, Some("http.server")),
            ("/usr/bin/python3.11", &["python3", "-m", "other"], BOTH, None),
            ("/usr/bin/python3.11", &["python3", "/usr/bin/jupyter-lab"], BOTH, Some("Jupyter")),
            ("/usr/bin/ruby3.1", &["ruby", "bin/rails", "server"], &[], Some("Rails")),
            (
                "/usr/bin/ruby3.1",
                &["puma 6.4.2 (tcp://localhost:3000) [p]"],
                &[(Ruby, "rails")],
                Some("Rails"),
            ),
            ("/usr/bin/ruby3.1", &["ruby", "app.rb"], &[(Ruby, "sinatra")], Some("Sinatra")),
            ("/usr/bin/php8.3", &["php", "artisan", "serve"], &[], Some("Laravel")),
            (
                "/usr/bin/php8.3",
                &["php", "-S", "127.0.0.1:8000", "/p/vendor/laravel/framework/src/s.php"],
                &[],
                Some("Laravel"),
            ),
            (
                "/usr/bin/java",
                &["java", "-jar", "shop.jar"],
                &[(Java, "spring-boot-starter-web")],
                Some("Spring Boot"),
            ),
            (
                "/usr/bin/java",
                &["java", "-cp", "/m2/spring-boot-3.4.jar:x", "org.example.Shop"],
                &[],
                Some("Spring Boot"),
            ),
            ("/usr/bin/node", &["node", "/srv/spring-boot-demo/server.js"], &[], None),
            (
                "/usr/lib/erlang/beam.smp",
                &["beam.smp", "-extra", "/usr/bin/mix", "phx.server"],
                &[],
                Some("Phoenix"),
            ),
            ("/p/target/debug/shop", &["target/debug/shop"], &[(Rust, "axum")], Some("Axum")),
            (
                "/p/target/debug/navyd",
                &["navyd", "hub", "--background"],
                &[(Rust, "axum")],
                Some("navyd hub"),
            ),
            ("/p/target/debug/navyd", &["navyd", "--json", "ftp", "serve"], &[], Some("navyd ftp")),
            ("/p/target/debug/navyd", &["navyd", "why", "80"], &[(Rust, "axum")], None),
            ("/t/release/shop", &["shop"], &[(Rust, "actix-web")], Some("Actix Web")),
            ("/usr/bin/rust-analyzer", &["rust-analyzer"], &[(Rust, "axum")], None),
            (
                "/tmp/go-build12/b001/exe/main",
                &["/tmp/go-build12/b001/exe/main"],
                &[(Go, "github.com/gin-gonic/gin")],
                Some("Gin"),
            ),
            ("/p/tmp/main", &["./tmp/main"], &[(Go, "github.com/labstack/echo/v4")], Some("Echo")),
            ("/p/node_modules/x/esbuild", &["esbuild"], &[(Go, "github.com/gin-gonic/gin")], None),
            ("/project2/main", &["main"], &[(Go, "github.com/gin-gonic/gin")], None),
        ];
        for (exe, argv, packages, expected) in rows {
            let launch = Launch {
                name: exe.rsplit('/').next().unwrap().to_owned(),
                exe: Some((*exe).to_owned()),
                argv: argv.iter().map(|&word| word.to_owned()).collect(),
            };
            let manifests = Manifests::of("/p", packages.iter().copied());
            assert_eq!(of(&launch, &manifests), *expected, "{argv:?} in {packages:?}");
        }
    }
}
