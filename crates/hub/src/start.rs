//! How a hub comes to life: directories, lock, socket, port, routes. Or how it finds that one lives already.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use navyd_gateway::{
    tap::{self, Tap},
    tls::Certificates,
};
use navyd_model::hub::Hub;
use tokio::{
    runtime::{Builder, Runtime},
    sync::oneshot,
};

use crate::{
    bell::Bell,
    book::Book,
    capture::{self, Capture},
    client::Client,
    control::Control,
    discovery,
    error::HubError,
    events::Events,
    house::{self, House, Parts},
    kept,
    listen::Wanted,
    lock::{self, Lock},
    os,
    places::Places,
    project::{self, Projects},
    run::Running,
    settings::{Recording, Settings},
    supervisor::{RunError, Supervisor},
    trust::Kept,
};

/// What starting led to.
pub enum Started {
    /// A hub of this user runs already.
    Joined(Box<Hub>),
    /// This is the hub.
    Running(Box<Running>),
    /// It was told to end while it waited for another to end.
    Ended,
}

/// How long a hub that has the lock may take to answer.
const STARTING: Duration = Duration::from_secs(5);

/// How long one that ends may take: longer than its gateway waits for what is in flight.
const ENDING: Duration = Duration::from_secs(15);

/// How long a process that has ended may take to give back its other lock, once it gave back the first.
const BOTH: Duration = Duration::from_millis(500);

/// Between two looks whether it answers, doubled each time up to the second.
const LOOKS: [Duration; 2] = [Duration::from_millis(5), Duration::from_millis(100)];

/// Starts a hub, or joins the one that runs. Where sockets were handed over, it waits instead for that one to end, however
/// long it runs: nobody else can serve them, and a systemd whose hub fails again and again would close them.
///
/// # Errors
/// When a directory is not safe, an address is taken, or a hub that has the lock does not answer. Nothing of the
/// new one is left then.
pub fn start(settings: Settings) -> Result<Started, HubError> {
    let Settings { places, listen, handed, workers, program, capture, seed, log, bell } = settings;
    prepare(&places)?;
    let (file, socket) = (places.lock(), places.socket());
    let lock = match lock_or_join(&file, &socket)? {
        Mine::Lock(lock) => lock,
        Mine::Joined(hub) if !handed.is_empty() => {
            log.say(format_args!(
                "the sockets that were handed over are served once another hub has ended: pid {}",
                hub.pid
            ));
            let Some(lock) = inherit(&file, &bell)? else { return Ok(Started::Ended) };
            lock
        }
        Mine::Joined(hub) => return Ok(Started::Joined(hub)),
    };
    let kept_by = places.routes_lock();
    let mut taken = Lock::take(&kept_by).map_err(refused(&kept_by))?;
    // A hub that was killed gives its locks back one after the other.
    if taken.is_none() && lock::released(&kept_by, BOTH, || false).map_err(refused(&kept_by))? {
        taken = Lock::take(&kept_by).map_err(refused(&kept_by))?;
    }
    let Some(state_lock) = taken else { return Err(HubError::Elsewhere { state: places.state }) };

    let mut notes = Vec::new();
    if os::is_root() {
        notes.push("the hub runs as root: whatever it starts may do everything".to_owned());
    }
    let routes = places.routes();
    let found = kept::read(&routes).map_err(refused(&routes))?;
    notes.extend(found.note.clone());

    let runtime = Builder::new_current_thread().enable_all().build().map_err(HubError::System)?;
    // The socket before the port: whoever reaches the port finds its page.
    let listener = {
        let _inside = runtime.enter();
        os::Listener::bind(&socket).map_err(refused(&socket))?
    };
    let tls = certificates(&places, &mut notes);
    let (capture, tap) = capture.and_then(|recording| open(&places, &recording, &mut notes)).unzip();
    let wanted = Wanted { listen, handed, workers, home: &socket, tls: tls.clone(), tap };
    let doors = wanted.open(&mut notes, &log);
    let doors = Arc::new(doors.inspect_err(|_| drop(std::fs::remove_file(&socket)))?);
    if let Some(seed) = seed {
        doors.seed_faults(seed);
    }
    let events = Arc::new(Events::new());
    let (book, waiting) = Book::open(Arc::clone(&doors), Arc::clone(&events), routes, found);
    notes.extend(waiting);
    let ends = tls.as_ref().and_then(|tls| house::warning(tls, Timestamp::now()));
    notes.iter().chain(&ends).for_each(|note| log.say(note));

    let supervisor = runtime.block_on(Supervisor::start(&places.state, program));
    let supervisor = supervisor.map_err(|error| match error {
        RunError::Directory { path, reason } => HubError::Directory { path, why: reason },
        error @ RunError::Unknown(_) => HubError::System(io::Error::other(error)),
    })?;
    let projects = Projects::new(supervisor);
    let log_of_house = log.clone();
    let parts = Parts {
        places,
        workers,
        notes,
        doors,
        tls,
        capture,
        book,
        projects,
        events,
        bell,
        log: log_of_house,
    };
    let house = Arc::new(House::new(parts));
    // It ends with the runtime.
    runtime.spawn(project::follow(Arc::clone(&house)));
    let control = Control::new(listener, log);
    let answers = serve(&runtime, &house, control);
    let discovery = house.places.discovery();
    discovery::write(&discovery, &house.status()).map_err(refused(&discovery))?;
    let addresses: Vec<String> = house.doors.listen().iter().map(ToString::to_string).collect();
    house.log.say(format_args!("the hub listens at {}", addresses.join(" and ")));
    Ok(Started::Running(Box::new(Running::new(runtime, house, answers, discovery, [lock, state_lock]))))
}

/// Makes the directories of a hub, which only its user can enter.
///
/// # Errors
/// When one is there and is not like that.
pub fn prepare(places: &Places) -> Result<(), HubError> {
    [&places.runtime, &places.state].into_iter().try_for_each(|path| {
        os::private_directory(path)
            .map_err(|why| HubError::Directory { path: path.clone(), why: why.to_string() })
    })
}

enum Mine {
    Lock(Lock),
    Joined(Box<Hub>),
}

/// The lock, or the hub that has it once it answers. One that ends meanwhile leaves the lock to us.
fn lock_or_join(file: &Path, socket: &Path) -> Result<Mine, HubError> {
    let (start, mut pause, mut patience) = (Instant::now(), LOOKS[0], STARTING);
    loop {
        if let Some(lock) = Lock::take(file).map_err(refused(file))? {
            return Ok(Mine::Lock(lock));
        }
        match Client::connect(socket).and_then(|client| client.status()) {
            Ok(hub) if hub.ending => patience = ENDING,
            Ok(hub) => return Ok(Mine::Joined(Box::new(hub))),
            // It is starting, or is about to be gone.
            Err(_) => {}
        }
        if start.elapsed() >= patience {
            return Err(HubError::Silent { socket: socket.to_owned() });
        }
        thread::sleep(pause);
        pause = (pause * 2).min(LOOKS[1]);
    }
}

/// Waits for the lock; `None` when the bell is rung before.
fn inherit(file: &Path, bell: &Bell) -> Result<Option<Lock>, HubError> {
    let (tell, told) = oneshot::channel();
    let path = file.to_owned();
    // It ends with the lock, or with this process, which ends when the bell is rung.
    let waiter = move || tell.send(Lock::wait(&path));
    thread::Builder::new().name("lock".into()).spawn(waiter).map_err(HubError::System)?;
    let runtime = Builder::new_current_thread().build().map_err(HubError::System)?;
    let mut rung = bell.told();
    runtime.block_on(async {
        tokio::select! {
            lock = told => match lock {
                Ok(lock) => lock.map(Some).map_err(refused(file)),
                Err(_) => Err(HubError::System(io::Error::other("nobody waits for the lock"))),
            },
            () = rung.times(1) => Ok(None),
        }
    })
}

/// The certificates of this user's authority, which is made where there is none, or one that has expired. One that is not
/// safe is not used: then names are served without TLS, and that is noted.
fn certificates(places: &Places, notes: &mut Vec<String>) -> Option<Arc<Certificates>> {
    match Kept::open(places, Timestamp::now()) {
        Ok(kept) => {
            notes.extend(kept.expired.map(|expired| {
                let day = expired.strftime("%Y-%m-%d");
                format!(
                    "the local authority expired on {day} and there is another, which no store trusts until `navyd trust \
                     install`"
                )
            }));
            Some(Arc::new(Certificates::new(kept.authority, Timestamp::now)))
        }
        Err(error) => {
            notes.push(format!("names are served without TLS: {error}"));
            None
        }
    }
}

/// The capture, and where the gateway tells it what passes. One that cannot be kept is noted: names are served all the
/// same.
fn open(places: &Places, recording: &Recording, notes: &mut Vec<String>) -> Option<(Capture, Tap)> {
    let (tap, keeper) = tap::channel(&navyd_gateway::Limits::default());
    let Recording { limits, reveal, export } = recording.clone();
    let settings = capture::Settings { directory: places.traffic(), limits, reveal, export };
    match Capture::open(settings, keeper) {
        Ok(capture) => {
            if reveal {
                notes.push("secrets are recorded as well, for as long as this hub runs".to_owned());
            }
            Some((capture, tap))
        }
        Err(error) => {
            let why = std::error::Error::source(&error).map(|why| format!(": {why}")).unwrap_or_default();
            notes.push(format!("nothing is recorded: {error}{why}"));
            None
        }
    }
}

/// Answers at the socket, from now on and until told to end.
fn serve(runtime: &Runtime, house: &Arc<House>, control: Control) -> crate::run::Answers {
    let app = crate::app::router(house);
    let app = app.into_make_service_with_connect_info::<crate::control::Came>();
    let end = tokio::sync::watch::Sender::new(false);
    let mut told = end.subscribe();
    let ended = async move {
        let _ = told.wait_for(|end| *end).await;
    };
    let task = runtime.spawn(async move { axum::serve(control, app).with_graceful_shutdown(ended).await });
    crate::run::Answers { end, task }
}

fn refused(path: &Path) -> impl FnOnce(io::Error) -> HubError {
    let path: PathBuf = path.to_owned();
    move |source| HubError::File { path, source }
}
