//! `district-server`: see `--help`.

use anyhow::{Context, bail};
use district_server::app::App;
use district_server::cli::{Args, Command, HELP, parse};
use district_server::clock::Clock;
use district_server::import::{ImportMap, Watcher, import_file};
use district_server::secret::Secret;
use district_server::settings::Settings;
use district_server::store::sqlite::SqliteStore;
use district_server::store::{Account, Role};
use district_server::{auth, enrol, openapi, orders, pages, serve};
use std::fs;
use std::io::{BufWriter, Write, stderr, stdout};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

/// A wrong command line, as with every program of this project.
const WRONG_USAGE: u8 = 2;

fn main() -> ExitCode {
    let args = match parse(std::env::args_os().skip(1)) {
        Ok(args) => args,
        Err(error) => {
            complain(&error.into());
            return ExitCode::from(WRONG_USAGE);
        }
    };
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into()),
        )
        .with_writer(stderr)
        .init();
    match carry_out(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

/// The error with its causes, one a line.
fn complain(error: &anyhow::Error) {
    let mut err = stderr().lock();
    // Nobody is left to tell when even this cannot be written.
    let _unheard = writeln!(err, "district-server: {error}");
    for cause in error.chain().skip(1) {
        let _unheard = writeln!(err, "  because: {cause}");
    }
}

fn carry_out(args: Args) -> anyhow::Result<()> {
    let settings = settings(&args)?;
    match args.command {
        Command::Help => say(HELP.trim_end()),
        Command::Version => say(concat!("district-server ", env!("CARGO_PKG_VERSION"))),
        Command::OpenApi => say(openapi::document()?.trim_end()),
        Command::Check => {
            existing(&settings)?;
            SqliteStore::check(&settings.database())?;
            say("the database is sound")
        }
        Command::Export { out, db } => {
            match &db {
                Some(file) if !file.exists() => {
                    bail!("no database {}; give another with --db", file.display())
                }
                Some(_) => {}
                None => existing(&settings)?,
            }
            export(&db.unwrap_or_else(|| settings.database()), out.as_deref())
        }
        Command::Serve => run(settings),
        Command::EnrolToken { kiosk, hall } => enrol_token(&open_existing(settings)?, &kiosk, &hall),
        Command::Revoke { kiosk } => revoke(&open_existing(settings)?, &kiosk),
        Command::OrderUpdate { kiosk, bundle } => {
            let ordered = orders::order_update(&open_existing(settings)?, &kiosk, &bundle)?;
            let orders::Ordered { number, order, compatible } = ordered;
            say(&format!(
                "ordered version {} ({} MiB, for {compatible}) for {kiosk} as command {number}; it is fetched at the \
                 line's pace and installed when the hall is closed and empty. The page /devices shows what became of it",
                order.version,
                order.size.div_ceil(1024 * 1024)
            ))
        }
        Command::Account { name, hall } => {
            let role = if hall.is_some() { Role::Officer } else { Role::Leader };
            say(&auth::new_account(&open_existing(settings)?, &Account { name, role, hall })?)
        }
        Command::Import { file } => {
            let map = ImportMap::read(settings.import_map.as_deref())?;
            let outcome = import_file(&open_existing(settings)?, &map, &file)?;
            for reject in &outcome.rejects {
                say(&reject.to_string())?;
            }
            say(&format!("{} dossiers imported, {} rows rejected", outcome.imported, outcome.rejects.len()))
        }
    }
}

fn say(text: &str) -> anyhow::Result<()> {
    writeln!(stdout(), "{text}").context("standard output cannot be written")
}

fn settings(args: &Args) -> anyhow::Result<Settings> {
    let mut settings = match &args.config {
        Some(path) => Settings::read(path)?,
        None => Settings::default(),
    };
    if let Some(data) = &args.data {
        settings.data_dir.clone_from(data);
    }
    settings.listen = args.listen.unwrap_or(settings.listen);
    Ok(settings)
}

fn open(settings: Settings) -> anyhow::Result<App> {
    let folder = &settings.data_dir;
    fs::create_dir_all(folder).with_context(|| {
        format!("data folder {} cannot be made; give another with --data", folder.display())
    })?;
    let secret = Secret::open(&settings.secret_file())?;
    let store = SqliteStore::open(&settings.database())?;
    Ok(App::new(settings, Arc::new(store), secret, Clock::system()))
}

/// Only `serve` makes a folder: a command that was given the wrong one must not leave a second, empty server behind.
fn existing(settings: &Settings) -> anyhow::Result<()> {
    if !settings.database().exists() {
        bail!("no district.db in {}; give the server's folder with --data", settings.data_dir.display());
    }
    Ok(())
}

fn open_existing(settings: Settings) -> anyhow::Result<App> {
    existing(&settings)?;
    if !settings.secret_file().exists() {
        bail!(
            "no secret.key in {}, which belongs to the district.db there; bring it back from the backup",
            settings.data_dir.display()
        );
    }
    open(settings)
}

/// The token alone on standard output, for scripts; what a person should know beside it on standard error.
fn enrol_token(app: &App, kiosk: &str, hall: &str) -> anyhow::Result<()> {
    let token = enrol::new_token(app, kiosk, hall)?;
    if let Some(known) = app.store.kiosk(kiosk)?.filter(|known| !known.revoked) {
        let mut err = stderr().lock();
        writeln!(
            err,
            "note: {kiosk} is enrolled already, in hall {}; once the token is used, the key of the machine that runs now \
             is worth nothing. For a second machine choose another --kiosk",
            known.hall
        )?;
    }
    say(&token)
}

fn revoke(app: &App, kiosk: &str) -> anyhow::Result<()> {
    let Some(known) = app.store.kiosk(kiosk)? else {
        let kiosks: Vec<String> = app.store.kiosks()?.into_iter().map(|kiosk| kiosk.id).collect();
        match kiosks.as_slice() {
            [] => bail!("no kiosk {kiosk} is enrolled here; none is"),
            enrolled => bail!("no kiosk {kiosk} is enrolled here; enrolled are {}", enrolled.join(", ")),
        }
    };
    if known.revoked {
        return say(&format!("{kiosk} of hall {} was revoked before; nothing changed", known.hall));
    }
    app.store.revoke(kiosk)?;
    say(&format!(
        "revoked {kiosk} of hall {}: its key is worth nothing from now on, what it sent so far stays",
        known.hall
    ))
}

fn export(database: &Path, out: Option<&Path>) -> anyhow::Result<()> {
    let store = SqliteStore::open(database)?;
    let mut to: Box<dyn Write> = match out {
        None => Box::new(stdout().lock()),
        Some(path) => Box::new(BufWriter::new(
            fs::File::create(path).with_context(|| format!("{} cannot be written", path.display()))?,
        )),
    };
    let count = pages::export::export_all(&store, &mut to)?;
    to.flush().context("events cannot be written")?;
    tracing::info!(count, "events exported");
    Ok(())
}

#[tokio::main]
async fn run(settings: Settings) -> anyhow::Result<()> {
    let app = open(settings)?;
    if app.store.account_count()? == 0 {
        let leader = Account { name: "lanh-dao".to_owned(), role: Role::Leader, hall: None };
        let code = auth::new_account(&app, &leader)?;
        say(&format!("first start: sign in as leader with the code {code} (shown only now)"))?;
    }
    let map = ImportMap::read(app.settings.import_map.as_deref())?;
    let watcher = Watcher::new(&app.settings.drop_dir(), map)?;
    let address = app.settings.listen;
    let listener = tokio::net::TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address}; another program may use it: choose one with --listen")
    })?;
    say(&format!("listening on http://{}", listener.local_addr()?))?;
    serve::serve(app, listener, watcher).await.context("server ended")
}
