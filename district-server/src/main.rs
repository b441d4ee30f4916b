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
use district_server::{auth, enrol, openapi, pages, serve};
use std::fs;
use std::io::{BufWriter, Write, stdout};
use std::path::Path;
use std::sync::Arc;

fn main() -> anyhow::Result<()> {
    let args = parse(std::env::args_os().skip(1))?;
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into()),
        )
        .with_writer(std::io::stderr)
        .init();
    let settings = settings(&args)?;
    match args.command {
        Command::Help => say(HELP.trim_end()),
        Command::OpenApi => say(openapi::document()?.trim_end()),
        Command::Check => {
            existing(&settings.database())?;
            SqliteStore::check(&settings.database())?;
            say("the database is sound")
        }
        Command::Export { out, db } => export(&db.unwrap_or_else(|| settings.database()), out.as_deref()),
        Command::Serve => run(settings),
        Command::EnrolToken { kiosk, hall } => say(&enrol::new_token(&open(settings)?, &kiosk, &hall)?),
        Command::Revoke { kiosk } => {
            if !open(settings)?.store.revoke(&kiosk)? {
                bail!("no kiosk {kiosk} is enrolled");
            }
            Ok(())
        }
        Command::Account { name, hall } => {
            let role = if hall.is_some() { Role::Officer } else { Role::Leader };
            say(&auth::new_account(&open(settings)?, &Account { name, role, hall })?)
        }
        Command::Import { file } => {
            let map = ImportMap::read(settings.import_map.as_deref())?;
            let outcome = import_file(&open(settings)?, &map, &file)?;
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

fn existing(database: &Path) -> anyhow::Result<()> {
    if !database.exists() {
        bail!("database {} does not exist; give it with --data or --db", database.display());
    }
    Ok(())
}

fn export(database: &Path, out: Option<&Path>) -> anyhow::Result<()> {
    existing(database)?;
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
