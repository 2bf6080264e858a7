//! Making a connection to the control plane.

use super::config::Config;
use crate::http::chain;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::http::Uri;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// A connection.
pub(super) type Socket = WebSocketStream<TcpStream>;

/// The largest frame that is read.
const MOST: usize = 64 << 10;

/// Dials, within the time for that; name, connection and upgrade together.
pub(super) async fn dial(config: &Config) -> Result<Socket, String> {
    let within = config.limits.connect;
    match tokio::time::timeout(within, connect(&config.control_plane)).await {
        Ok(connected) => connected,
        Err(_) => Err(format!("no connection within {} ms", within.as_millis())),
    }
}

async fn connect(url: &Uri) -> Result<Socket, String> {
    let host = url.host().unwrap_or_default().trim_matches(['[', ']']);
    let stream = TcpStream::connect((host, url.port_u16().unwrap_or(80))).await.map_err(|error| chain(&error))?;
    stream.set_nodelay(true).map_err(|error| chain(&error))?;
    // Small buffers: the frames are small, and memory is what an agent must not take from machines.
    let settings = WebSocketConfig::default().read_buffer_size(4 << 10).write_buffer_size(0);
    let settings = settings.max_message_size(Some(MOST)).max_frame_size(Some(MOST));
    match client_async_with_config(url, stream, Some(settings)).await {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(answer)) => Err(format!("no upgrade: status {}", answer.status().as_u16())),
        Err(error) => Err(chain(&error)),
    }
}
