# %% tcp | reached
import socket
with socket.create_connection(("127.0.0.1", aim.port), timeout=5) as peer:
    peer.sendall(b"secret of the table")

# %% tcp-6 | reached
import socket
with socket.create_connection(("::1", aim.port), timeout=5) as peer:
    peer.sendall(b"secret of the table")

# %% tcp-4-in-6 | reached
import socket
with socket.socket(socket.AF_INET6) as peer:
    peer.settimeout(5)
    peer.connect(("::ffff:127.0.0.1", aim.port))

# %% tcp-any-address | reached
import socket
socket.create_connection(("0.0.0.0", aim.port), timeout=5)

# %% tcp-without-waiting | reached
import socket
peer = socket.socket()
peer.setblocking(False)
peer.connect_ex(("127.0.0.1", aim.port))

# %% tcp-fast-open | reached
import socket
peer = socket.socket()
peer.settimeout(5)
peer.sendto(b"secret of the table", socket.MSG_FASTOPEN, ("127.0.0.1", aim.port))

# %% multipath-tcp | reached
import socket
peer = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
peer.settimeout(5)
peer.connect(("127.0.0.1", aim.port))

# %% tcp-c-library | reached
address = (2).to_bytes(2, "little") + aim.port.to_bytes(2, "big") + bytes([127, 0, 0, 1]) + bytes(8)
descriptor = libc.socket(2, 1, 0)
print(descriptor, libc.connect(descriptor, address, 16))

# %% tcp-by-number | reached
address = (2).to_bytes(2, "little") + aim.port.to_bytes(2, "big") + bytes([127, 0, 0, 1]) + bytes(8)
syscall("connect", syscall("socket", 2, 1, 0), ctypes.c_char_p(address), 16)

# %% tcp-inner-module | reached
import _socket
peer = _socket.socket(2, 1)
peer.connect(("127.0.0.1", aim.port))

# %% tcp-from-a-thread | reached
import socket
import threading
thread = threading.Thread(target=lambda: socket.create_connection(("127.0.0.1", aim.port), timeout=5))
thread.start()
thread.join()

# %% asyncio | reached
import asyncio
import threading
def talk():
    async def go():
        await asyncio.open_connection("127.0.0.1", aim.port)
    asyncio.run(go())
thread = threading.Thread(target=talk)
thread.start()
thread.join()

# %% udp | reached
import socket
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"secret of the table", ("127.0.0.1", aim.udp))

# %% udp-connected | reached
import socket
peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
peer.connect(("127.0.0.1", aim.udp))
peer.send(b"secret of the table")

# %% udp-message | reached
import socket
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendmsg([b"secret"], [], 0, ("127.0.0.1", aim.udp))

# %% system-log | reached
import logging
import logging.handlers
handler = logging.handlers.SysLogHandler(("127.0.0.1", aim.udp))
handler.emit(logging.makeLogRecord({"msg": "secret of the table"}))
handler.close()

# %% name-lookup | reached
import socket
libc.__res_init()
libc.__res_state.restype = ctypes.c_void_p
state = libc.__res_state()
address = (2).to_bytes(2, "little") + aim.udp.to_bytes(2, "big") + bytes([127, 0, 0, 1]) + bytes(8)
options = ctypes.c_ulong.from_address(state + 8)
options.value |= 0x04000000
ctypes.c_int.from_address(state).value = 1
ctypes.c_int.from_address(state + 4).value = 1
ctypes.c_int.from_address(state + 16).value = 1
ctypes.memmove(state + 20, address, 16)
try:
    socket.getaddrinfo("secret-of-the-table.example", 80)
finally:
    options.value &= ~0x04000000
    libc.__res_init()

# %% name-lookup-by-hand | reached
import socket
query = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x06secret\x07example\x00\x00\x01\x00\x01"
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(query, ("127.0.0.1", aim.udp))

# %% unix-path | reached
import socket
peer = socket.socket(socket.AF_UNIX)
peer.connect(aim.socket)

# %% unix-path-through-a-link | reached
import socket
os.symlink(aim.socket, "s")
try:
    socket.socket(socket.AF_UNIX).connect("s")
finally:
    os.unlink("s")

# %% unix-path-by-descriptor | reached
import socket
descriptor = os.open(os.path.dirname(aim.socket), os.O_PATH)
socket.socket(socket.AF_UNIX).connect(f"/proc/self/fd/{descriptor}/{os.path.basename(aim.socket)}")

# %% unix-datagram | reached
import socket
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"secret", aim.datagram)

# %% unix-datagram-from-a-pair | reached
import socket
one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
one.sendto(b"secret", aim.datagram)

# %% unix-datagram-pair-connected-anew | reached
import socket
one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
one.connect(aim.datagram)
one.send(b"secret")

# %% unix-abstract | reached
import socket
socket.socket(socket.AF_UNIX).connect("\0" + aim.abstract)

# %% unix-abstract-datagram-from-a-pair | reached
import socket
one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
one.sendto(b"secret", "\0" + aim.abstract + "-datagram")

# %% unix-message-from-a-pair | reached
import socket
one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
one.sendmsg([b"secret"], [], 0, aim.datagram)

# %% unix-multiprocessing | reached
from multiprocessing.connection import Client
Client(aim.socket)

# %% zmq-tcp | reached
import zmq
with zmq.Context() as context, context.socket(zmq.PUSH) as peer:
    peer.linger = 500
    peer.connect(f"tcp://127.0.0.1:{aim.port}")
    peer.send(b"secret of the table")

# %% zmq-other-session | reached
import zmq
with zmq.Context() as context, context.socket(zmq.DEALER) as peer:
    peer.linger = 500
    peer.connect(f"ipc://{aim.socket}")
    peer.send(b"execute for me")

# %% urllib | reached
import urllib.request
urllib.request.urlopen(f"http://127.0.0.1:{aim.port}/?q=secret", timeout=5).read()

# %% http-client | reached
import http.client
http.client.HTTPConnection("127.0.0.1", aim.port, timeout=5).request("POST", "/", "secret")

# %% httpx | reached
import httpx
httpx.post(f"http://127.0.0.1:{aim.port}/", content="secret", timeout=5)

# %% requests | reached
import requests
requests.post(f"http://127.0.0.1:{aim.port}/", data="secret", timeout=5)

# %% mail | reached
import smtplib
smtplib.SMTP("127.0.0.1", aim.port, timeout=1)

# %% ftp | reached
import ftplib
ftplib.FTP().connect("127.0.0.1", aim.port, timeout=1)

# %% tls | reached
import ssl
ssl.get_server_certificate(("127.0.0.1", aim.port), timeout=5)

# %% remote-procedure | reached
import xmlrpc.client
xmlrpc.client.ServerProxy(f"http://127.0.0.1:{aim.port}/").tell("secret")

# %% pandas-csv | reached
pd.read_csv(f"http://127.0.0.1:{aim.port}/people.csv?q=secret")

# %% pandas-parquet | reached
pd.read_parquet(f"http://127.0.0.1:{aim.port}/people.parquet")

# %% numpy-data-source | reached
np.lib.npyio.DataSource(".").open(f"http://127.0.0.1:{aim.port}/a.txt")

# %% polars-scan | reached
import polars
polars.scan_csv(f"http://127.0.0.1:{aim.port}/people.csv", storage_options={"max_retries": 0}).collect()

# %% duckdb-extension | reached | alone
import duckdb
connection = duckdb.connect(config={"custom_extension_repository": f"http://127.0.0.1:{aim.port}"})
connection.execute("install httpfs")

# %% duckdb-address | reached | alone
import duckdb
connection = duckdb.connect(config={"autoinstall_extension_repository": f"http://127.0.0.1:{aim.port}"})
connection.execute(f"from read_csv('http://127.0.0.1:{aim.port}/people.csv')")

# %% pyarrow-object-store | reached | alone
from pyarrow.fs import S3FileSystem
store = S3FileSystem(
    endpoint_override=f"127.0.0.1:{aim.port}", scheme="http", region="x", access_key="a", secret_key="b",
    connect_timeout=1, request_timeout=1,
)
store.get_file_info("bucket/secret")

# %% pyarrow-flight | reached | alone
import pyarrow.flight
client = pyarrow.flight.connect(f"grpc://127.0.0.1:{aim.port}")
list(client.list_flights(options=pyarrow.flight.FlightCallOptions(timeout=1)))

# %% install-a-package | reached
import subprocess
import sys
subprocess.run(
    [sys.executable, "-m", "pip", "install", "--index-url", f"http://127.0.0.1:{aim.port}/", "--retries", "0",
     "--timeout", "2", "--no-input", "secret-of-the-table"],
)

# %% listen-tcp | won
import socket
socket.create_server(("127.0.0.1", 0))
won()

# %% listen-udp | won
import socket
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).bind(("127.0.0.1", 0))
won()

# %% listen-without-a-name | won
import socket
peer = socket.socket()
peer.listen()
won()

# %% listen-abstract | won
import socket
server = socket.socket(socket.AF_UNIX)
server.bind("\0" + aim.mark + "-own")
server.listen()
won()

# %% listen-path | won
import socket
server = socket.socket(socket.AF_UNIX)
server.bind("s")
os.unlink("s")
won()

# %% listen-through-a-pair | won
import socket
one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
one.bind("\0" + aim.mark + "-pair")
won()

# %% notebook-server | won
import http.server
http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
won()

# %% netlink | won
import socket
peer = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
peer.bind((0, 0))
won()

# %% interfaces | won
import socket
if socket.if_nameindex():
    won()

# %% raw | won | who=root
import socket
socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
won()

# %% packet | won | who=root
import socket
socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
won()

# %% virtual-socket | won
import socket
socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
won()

# %% pass-a-descriptor | won
import array
import socket
peer = socket.socket(socket.AF_UNIX)
peer.connect(aim.socket)
with open("mine.txt", "w") as file:
    peer.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [file.fileno()]))])
won()
