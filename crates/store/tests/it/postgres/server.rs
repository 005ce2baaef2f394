//! A PostgreSQL for the tests: one server a process, a schema a test.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use kubescape_store::PostgresOptions;

/// A schema of its own.
pub(crate) struct Database {
    socket: PathBuf,
    pub(crate) schema: String,
}

static SERVER: OnceLock<Option<Server>> = OnceLock::new();
static NEXT: AtomicUsize = AtomicUsize::new(0);

impl Database {
    /// None where there is no PostgreSQL and none is demanded.
    pub(crate) fn new() -> Option<Self> {
        let server = SERVER.get_or_init(|| Server::start("shared")).as_ref()?;
        Some(server.database())
    }

    pub(crate) fn options(&self) -> PostgresOptions {
        PostgresOptions {
            schema: self.schema.clone(),
            ..PostgresOptions::new(self.connection())
        }
    }

    pub(crate) fn connection(&self) -> String {
        format!("host={} user=ks dbname=postgres", self.socket.display())
    }

    /// Behind the back of the store.
    pub(crate) async fn raw(&self) -> tokio_postgres::Client {
        let (client, connection) =
            tokio_postgres::connect(&self.connection(), tokio_postgres::NoTls)
                .await
                .unwrap();
        tokio::spawn(connection);
        let path = format!("SET search_path = {}", self.schema);
        client.batch_execute(&path).await.unwrap();
        client
    }
}

/// A running server. It ends with the process that started it.
pub(crate) struct Server {
    folder: PathBuf,
    programs: PathBuf,
    /// `NAME=VALUE`
    settings: Vec<String>,
}

impl Server {
    /// None, with a word why, where there is no PostgreSQL and none is demanded.
    pub(crate) fn start(name: &str) -> Option<Self> {
        Self::start_with(name, |_| Vec::new())
    }

    /// The same with further settings, which may name files that `prepare` puts
    /// into the server's folder.
    pub(crate) fn start_with(
        name: &str,
        prepare: impl FnOnce(&Path) -> Vec<String>,
    ) -> Option<Self> {
        let Some(programs) = programs() else {
            let demanded = std::env::var("KUBESCAPE_TEST_POSTGRES").is_ok_and(|v| v == "1");
            assert!(
                !demanded,
                "no PostgreSQL: install Debian's package postgresql, or put initdb and postgres on the PATH"
            );
            println!("skipped: needs PostgreSQL (initdb and postgres)");
            return None;
        };
        clean();
        // A short path: that of a socket has at most 107 bytes.
        let folder =
            std::env::temp_dir().join(format!("kubescape-pg-{}-{name}", std::process::id()));
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        if let Some((user, group)) = unprivileged() {
            chown(&folder, Some(user), Some(group)).unwrap();
        }
        let settings = prepare(&folder);
        let server = Self {
            folder,
            programs,
            settings,
        };
        let made = server
            .command("initdb")
            .args([
                "-A",
                "trust",
                "-U",
                "ks",
                "--no-sync",
                "-E",
                "UTF8",
                "--locale=C.UTF-8",
                "-D",
            ])
            .arg(server.data())
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        server.run();
        Some(server)
    }

    pub(crate) fn database(&self) -> Database {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Database {
            socket: self.folder.clone(),
            schema: format!("test_{number}"),
        }
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn command(&self, program: &str) -> Command {
        let program = self.programs.join(program);
        let Some((user, group)) = unprivileged() else {
            return Command::new(program);
        };
        // PostgreSQL refuses to run as root.
        let mut command = Command::new("setpriv");
        command
            .args(["--clear-groups", "--pdeathsig=KILL"])
            .arg(format!("--reuid={user}"))
            .arg(format!("--regid={group}"))
            .arg(program);
        command
    }

    /// Starts it and waits until it says that it is ready.
    pub(crate) fn run(&self) {
        let mut command = self.command("postgres");
        command
            .arg("-D")
            .arg(self.data())
            .args(["-c", "listen_addresses=", "-c", "fsync=off"])
            .args(["-c", "full_page_writes=off", "-c", "max_connections=200"])
            .arg("-k")
            .arg(&self.folder)
            .args(self.settings.iter().flat_map(|setting| ["-c", setting]))
            .env("LC_ALL", "C.UTF-8")
            .current_dir(&self.folder)
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let (ready, wait) = mpsc::channel();
        // The thread that started it has to live as long as it does: the signal
        // that ends it is sent when that thread ends.
        std::thread::spawn(move || {
            let mut child = command.spawn().unwrap();
            let mut said = String::new();
            let mut log = child.stderr.take().unwrap();
            let mut part = [0; 4096];
            while let Ok(length @ 1..) = log.read(&mut part) {
                if said.len() < 100_000 {
                    said += &String::from_utf8_lossy(&part[..length]);
                    if said.contains("ready to accept connections") {
                        let _ = ready.send(Ok(()));
                    }
                }
            }
            let _ = child.wait();
            let _ = ready.send(Err(said));
        });
        wait.recv().unwrap().unwrap();
    }

    /// Ends it as a crash does, without a word to its clients.
    pub(crate) fn stop(&self) {
        let stopped = self
            .command("pg_ctl")
            .args(["stop", "-m", "immediate", "-w", "-D"])
            .arg(self.data())
            .output()
            .unwrap();
        assert!(stopped.status.success(), "{stopped:?}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Where initdb and postgres are.
fn programs() -> Option<PathBuf> {
    let has = |folder: &PathBuf| folder.join("initdb").exists() && folder.join("postgres").exists();
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut debian: Vec<PathBuf> = debian.flatten().map(|e| e.path().join("bin")).collect();
    debian.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).collect::<Vec<_>>();
    debian.into_iter().rev().chain(on_path).find(has)
}

/// Whom to become if we are root.
pub(crate) fn unprivileged() -> Option<(u32, u32)> {
    const NOBODY: u32 = 65534;
    rustix::process::geteuid()
        .is_root()
        .then_some((NOBODY, NOBODY))
}

/// Removes what processes left that are gone.
fn clean() {
    for entry in fs::read_dir(std::env::temp_dir())
        .into_iter()
        .flatten()
        .flatten()
    {
        let name = entry.file_name();
        let owner = name
            .to_str()
            .and_then(|name| name.strip_prefix("kubescape-pg-"))
            .and_then(|rest| rest.split('-').next());
        if owner.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
