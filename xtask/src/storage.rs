//! `bench storage`: the release binary as a server over HTTPS and HTTP/2 on
//! loopback, against the bars of `docs/performance.md` and beside a real
//! kube-apiserver with etcd.

#![allow(clippy::print_stdout)]

mod client;
mod figures;
mod heavy;
mod light;
mod objects;
mod peer;
mod process;
mod watch;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use figures::Figures;
use process::Process;

type Fault = Box<dyn std::error::Error + Send + Sync>;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many small objects; 0 leaves them out.
    #[arg(long, default_value_t = 100_000)]
    objects: usize,
    /// How many large objects; 0 leaves them out. The bar is meant for 500.
    #[arg(long, default_value_t = 20)]
    sboms: usize,
    /// Megabytes of a large object.
    #[arg(long, default_value_t = 20)]
    megabytes: usize,
    /// The same small objects behind a kube-apiserver and etcd, too: needs
    /// their programs (`KUBESCAPE_TEST_BINARIES`) or builds them.
    #[arg(long)]
    peer: bool,
    /// A server that was built already, instead of the release build.
    #[arg(long)]
    binary: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Fault> {
    let binary = match &arguments.binary {
        Some(binary) => binary.clone(),
        None => crate::bench::build().map_err(|error| error.to_string())?,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(measure(arguments, &binary))
}

async fn measure(arguments: &Arguments, binary: &Path) -> Result<(), Fault> {
    let (mut ours, mut peer) = (Figures::default(), Figures::default());
    let done = parts(arguments, binary, &mut ours, &mut peer).await;
    println!(
        "{} objects of 4 kB, {} of {} MB; one machine for server and client\n",
        arguments.objects, arguments.sboms, arguments.megabytes
    );
    // What was measured before something failed is worth having.
    figures::print(&ours, &peer);
    done
}

async fn parts(
    arguments: &Arguments,
    binary: &Path,
    ours: &mut Figures,
    peer: &mut Figures,
) -> Result<(), Fault> {
    let folder = tempfile::tempdir()?;
    start(binary, folder.path(), ours).await?;
    if arguments.objects > 0 {
        small(arguments, binary, folder.path(), ours).await?;
    }
    if arguments.sboms > 0 {
        let folder = tempfile::tempdir()?;
        let server = Process::start(binary, folder.path())?;
        let (api, ids) = (server.api()?, [server.id()]);
        let (count, size) = (arguments.sboms, arguments.megabytes);
        heavy::run(&api, &ids, count, size, ours).await?;
    }
    if arguments.peer && arguments.objects > 0 {
        peer::run(arguments.objects, peer).await?;
    }
    Ok(())
}

/// Time to discovery, and memory of a server that nobody asks anything.
async fn start(binary: &Path, folder: &Path, figures: &mut Figures) -> Result<(), Fault> {
    // The first start makes the authority that the client is to trust.
    drop(Process::start(binary, folder)?);
    let time = discovered(binary, folder).await?;
    figures.set("start to discovery", time);
    let server = Process::start(binary, folder)?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let memory = process::memory(&[server.id()])?;
    figures.set("memory, idle after start", memory);
    Ok(())
}

/// Milliseconds from starting the process to the answer that kube-apiserver
/// probes for.
async fn discovered(binary: &Path, folder: &Path) -> Result<f64, Fault> {
    let port = std::net::TcpListener::bind("127.0.0.1:0")?
        .local_addr()?
        .port();
    let address = format!("127.0.0.1:{port}");
    let mut api = client::Api::from_kubeconfig(&folder.join("kubeconfig"))?;
    api.at(&address);
    let begun = Instant::now();
    let _server = Process::spawn(binary, folder, &address)?;
    loop {
        if let Ok(connection) = api.connect().await {
            let path = objects::all("").trim_end_matches('/').to_owned();
            connection.get(&path, client::JSON).await?;
            return Ok(begun.elapsed().as_secs_f64() * 1000.0);
        }
        if begun.elapsed() > Duration::from_secs(30) {
            return Err("the server does not answer".into());
        }
        tokio::time::sleep(Duration::from_micros(500)).await;
    }
}

async fn small(
    arguments: &Arguments,
    binary: &Path,
    folder: &Path,
    figures: &mut Figures,
) -> Result<(), Fault> {
    let server = Process::start(binary, folder)?;
    let (api, ids) = (server.api()?, [server.id()]);
    light::run(&api, &ids, arguments.objects, true, figures).await?;
    drop(api);
    tokio::time::sleep(Duration::from_secs(2)).await;
    figures.set("memory, quiet after all this", process::memory(&ids)?);
    drop(server);
    let time = discovered(binary, folder).await?;
    figures.set("restart with all objects to discovery", time);
    Ok(())
}
