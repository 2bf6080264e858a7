//! The PostgreSQL probe: one connection, one query by the simple protocol, the rows of its last statement as text.

use crate::probe::Deadline;
use crate::{failure, way};
use futures::FutureExt;
use seatrial_observation::{PostgresAnswer, PostgresError, PostgresSpec, PostgresTls, ProbeFailure, Way};
use tokio::net::TcpStream;
use tokio::time::timeout_at;
use tokio_postgres::config::SslMode;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};
use tokio_postgres_rustls::MakeRustlsConnect;

/// The most rows that an observation keeps.
const ROWS: usize = 1000;

/// The most bytes of all values that it keeps.
const BYTES: usize = 1 << 20;

/// Connects, asks and closes.
pub(crate) async fn ask(spec: &PostgresSpec, deadline: Deadline) -> Result<PostgresAnswer, ProbeFailure> {
    timeout_at(deadline.at, connected(spec)).await.unwrap_or_else(|_| Err(failure::timed_out(deadline)))
}

async fn connected(spec: &PostgresSpec) -> Result<PostgresAnswer, ProbeFailure> {
    let stream = way::connect(&Way::default(), &spec.host, spec.port).await?;
    let mut config = Config::new();
    config.user(&spec.user).application_name("seatrial");
    if let Some(password) = &spec.password {
        config.password(password);
    }
    if let Some(database) = &spec.database {
        config.dbname(database);
    }
    let mode = match &spec.tls {
        PostgresTls::Disable => SslMode::Disable,
        PostgresTls::Prefer => SslMode::Prefer,
        PostgresTls::Require | PostgresTls::Verify(_) => SslMode::Require,
    };
    config.ssl_mode(mode);
    if mode == SslMode::Disable {
        return over(stream, &config, NoTls, spec).await;
    }
    let trust = match &spec.tls {
        PostgresTls::Verify(pem) => Some(pem.as_str()),
        _ => None,
    };
    let mut tls = MakeRustlsConnect::new(way::tls(trust).map_err(failure::protocol)?);
    let name = spec.server_name.as_deref().unwrap_or(&spec.host);
    let connector = <MakeRustlsConnect as MakeTlsConnect<TcpStream>>::make_tls_connect(&mut tls, name);
    over(stream, &config, connector.map_err(|error| failure::of_error(&error))?, spec).await
}

async fn over<T: TlsConnect<TcpStream>>(
    stream: TcpStream,
    config: &Config,
    tls: T,
    spec: &PostgresSpec,
) -> Result<PostgresAnswer, ProbeFailure> {
    let (client, connection) = match config.connect_raw(stream, tls).await {
        Ok(opened) => opened,
        Err(error) => return refused(&error),
    };
    let talking = query(&client, &spec.query).fuse();
    futures::pin_mut!(talking);
    let serving = connection.fuse();
    futures::pin_mut!(serving);
    loop {
        futures::select! {
            answered = talking => return answered,
            // The connection's own end says why, where the query only says that it is closed.
            ended = serving => if let Err(error) = ended { return refused(&error) },
        }
    }
}

async fn query(client: &Client, text: &str) -> Result<PostgresAnswer, ProbeFailure> {
    match client.simple_query(text).await {
        Ok(messages) => Ok(last_of(&messages)),
        Err(error) => refused(&error),
    }
}

/// An error of the server is an answer; all else is none.
fn refused(error: &tokio_postgres::Error) -> Result<PostgresAnswer, ProbeFailure> {
    let Some(said) = error.as_db_error() else { return Err(failure::of_error(error)) };
    let (code, message) = (said.code().code().to_owned(), said.message().to_owned());
    let error = Some(PostgresError { code, message });
    Ok(PostgresAnswer { columns: Vec::new(), rows: Vec::new(), error, is_truncated: false })
}

/// The rows of the last statement that has any.
fn last_of(messages: &[SimpleQueryMessage]) -> PostgresAnswer {
    let mut answer = PostgresAnswer { columns: Vec::new(), rows: Vec::new(), error: None, is_truncated: false };
    let mut bytes = 0;
    for message in messages {
        match message {
            SimpleQueryMessage::RowDescription(columns) => {
                answer.columns = columns.iter().map(|column| column.name().to_owned()).collect();
                answer.rows.clear();
            }
            SimpleQueryMessage::Row(row) => {
                let values = (0..row.len()).map(|index| row.get(index).map(ToOwned::to_owned));
                let values: Vec<Option<String>> = values.collect();
                bytes += values.iter().flatten().map(String::len).sum::<usize>();
                if answer.rows.len() < ROWS && bytes <= BYTES {
                    answer.rows.push(values);
                } else {
                    answer.is_truncated = true;
                }
            }
            _ => {}
        }
    }
    answer
}

#[cfg(test)]
mod tests;
