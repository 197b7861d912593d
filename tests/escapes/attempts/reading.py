# %% open | printed
print(open(aim.keys).read())

# %% pathlib | printed
from pathlib import Path
Path(aim.keys).read_text()

# %% os-open | printed
descriptor = os.open(aim.keys, os.O_RDONLY)
print(os.read(descriptor, 1000))

# %% io-module | printed
import _io
print(_io.FileIO(aim.keys).read(), _io.open_code(aim.keys).read())

# %% codecs | printed
import codecs
print(codecs.open(aim.keys, encoding="utf-8").read())

# %% linecache | printed
import linecache
linecache.getlines(aim.keys)

# %% fileinput | printed
import fileinput
list(fileinput.input([aim.keys]))

# %% mmap | printed
import mmap
with open(aim.keys, "rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as mapped:
    print(bytes(mapped))

# %% home | printed
import glob
for path in glob.glob(aim.home + "/.ssh/*"):
    print(open(path).read())

# %% dotenv | printed
lines = open(os.path.join(aim.home, ".env")).read().splitlines()
dict(line.split("=", 1) for line in lines)

# %% cloud-credentials | printed
import configparser
parser = configparser.ConfigParser()
parser.read(aim.home + "/.aws/credentials")
print({name: dict(parser[name]) for name in parser.sections()})

# %% jupyter-token | printed
import json
for name in os.listdir(aim.home + "/.local/share/jupyter/runtime"):
    print(json.load(open(f"{aim.home}/.local/share/jupyter/runtime/{name}")))

# %% shell-history | printed
pd.read_csv(aim.home + "/.bash_history", header=None, sep="\t")

# %% dots | printed
print(open(os.path.relpath(aim.keys)).read())

# %% chdir | printed
os.chdir(aim.home)
print(open(".ssh/id_ed25519").read())

# %% folder-descriptor | printed
folder = os.open(aim.home, os.O_PATH | os.O_DIRECTORY)
print(os.read(os.open(".ssh/id_ed25519", os.O_RDONLY, dir_fd=folder), 1000))

# %% path-descriptor | printed
descriptor = os.open(aim.keys, os.O_PATH)
print(open(f"/proc/self/fd/{descriptor}").read())

# %% path-descriptor-of-a-folder | printed
descriptor = os.open("/", os.O_PATH)
print(open(f"/proc/self/fd/{descriptor}{aim.keys}").read())

# %% dev-fd | printed
descriptor = os.open(aim.keys, os.O_PATH)
print(open(f"/dev/fd/{descriptor}").read())

# %% root-link | printed
print(open("/proc/self/root" + aim.keys).read())

# %% root-link-of-a-thread | printed
import threading
print(open(f"/proc/thread-self/root{aim.keys}").read(), threading.get_native_id())

# %% folder-link | printed
print(open("/proc/self/cwd/" + os.path.relpath(aim.keys)).read())

# %% symlink | printed
os.symlink(aim.keys, "notes.txt")
try:
    print(open("notes.txt").read())
finally:
    os.unlink("notes.txt")

# %% symlink-to-a-folder | printed
os.symlink("/", "disk")
try:
    print(open("disk" + aim.keys).read())
finally:
    os.unlink("disk")

# %% symlink-chain | printed
os.symlink(os.path.dirname(aim.keys), "a")
os.symlink("a/id_ed25519", "b")
try:
    print(pd.read_table("b", header=None))
finally:
    os.unlink("a")
    os.unlink("b")

# %% hard-link | printed
os.link(aim.keys, "linked.txt")
try:
    print(open("linked.txt").read())
finally:
    os.unlink("linked.txt")

# %% hard-link-of-a-descriptor | printed
descriptor = os.open(aim.keys, os.O_PATH)
libc.linkat(-100, b"/proc/self/fd/%d" % descriptor, -100, b"linked.txt", 0x400)
try:
    print(open("linked.txt").read())
finally:
    os.unlink("linked.txt")

# %% move-in | printed
os.rename(aim.victim, "moved.txt")
print(open("moved.txt").read())

# %% exchange | printed
open("bait.txt", "w").write("bait")
folder = ctypes.c_char_p(b"bait.txt"), ctypes.c_char_p(os.fsencode(aim.victim))
if libc.renameat2(-100, folder[0], -100, folder[1], 2):
    raise OSError(ctypes.get_errno(), "renameat2")
print(open("bait.txt").read())

# %% sendfile | printed
with open(aim.keys, "rb") as source, open("copy.txt", "wb") as copy:
    os.sendfile(copy.fileno(), source.fileno(), 0, 1000)
print(open("copy.txt").read())

# %% copy-file-range | printed
with open(aim.keys, "rb") as source, open("copy.txt", "wb") as copy:
    os.copy_file_range(source.fileno(), copy.fileno(), 1000)
print(open("copy.txt").read())

# %% splice | printed
out, into = os.pipe()
os.splice(os.open(aim.keys, os.O_RDONLY), into, 1000)
print(os.read(out, 1000))

# %% shutil | printed
import shutil
shutil.copy(aim.keys, "copy.txt")
print(open("copy.txt").read())

# %% copy-tree | printed
import shutil
shutil.copytree(aim.home, "home", dirs_exist_ok=True)
print(open("home/.ssh/id_ed25519").read())

# %% archive | printed
import io
import tarfile
packed = io.BytesIO()
with tarfile.open(fileobj=packed, mode="w") as archive:
    archive.add(aim.home)
print(packed.getvalue().replace(b"\0", b""))

# %% zip | printed
import io
import zipfile
packed = io.BytesIO()
with zipfile.ZipFile(packed, "w") as archive:
    archive.write(aim.keys, "keys")
print(zipfile.ZipFile(packed).read("keys"))

# %% openat-by-number | printed
descriptor = syscall("openat", -100, ctypes.c_char_p(os.fsencode(aim.keys)), os.O_RDONLY, 0)
print(os.read(descriptor, 1000))

# %% open-by-number | printed | machine=x86_64
descriptor = syscall("open", ctypes.c_char_p(os.fsencode(aim.keys)), os.O_RDONLY, 0)
print(os.read(descriptor, 1000))

# %% openat2-by-number | printed
how = (ctypes.c_uint64 * 3)(os.O_RDONLY, 0, 0)
descriptor = syscall("openat2", -100, ctypes.c_char_p(os.fsencode(aim.keys)), how, 24)
print(os.read(descriptor, 1000))

# %% file-handle | printed | who=root
handle = ctypes.create_string_buffer(8 + 128)
handle[0:4] = (128).to_bytes(4, "little")
mount = ctypes.c_int()
syscall("name_to_handle_at", -100, ctypes.c_char_p(os.fsencode(aim.keys)), handle, ctypes.byref(mount), 0)
descriptor = syscall("open_by_handle_at", os.open(".", os.O_RDONLY), handle, os.O_RDONLY)
print(os.read(descriptor, 1000))

# %% c-library | printed
libc.fopen.restype = ctypes.c_void_p
stream = libc.fopen(os.fsencode(aim.keys), b"r")
text = ctypes.create_string_buffer(1000)
if stream:
    libc.fgets(text, 1000, ctypes.c_void_p(stream))
print(text.value)

# %% memory-lock-file | printed
memory = os.memfd_create("copy")
with open(aim.keys, "rb") as source:
    os.sendfile(memory, source.fileno(), 0, 1000)
print(os.pread(memory, 1000, 0))

# %% numpy-fromfile | printed
np.fromfile(aim.keys, dtype="S1").tobytes()

# %% numpy-memmap | printed
print(np.memmap(aim.keys, mode="r").tobytes())

# %% numpy-loadtxt | printed
np.loadtxt(aim.keys, dtype=str)

# %% numpy-load | printed
np.load(aim.npy)

# %% pandas-csv | printed
pd.read_csv(aim.csv)

# %% pandas-csv-arrow-engine | printed
pd.read_csv(aim.csv, engine="pyarrow")

# %% pandas-parquet | printed
pd.read_parquet(aim.parquet)

# %% pandas-json | printed
pd.read_json(aim.json)

# %% pandas-file-address | printed
pd.read_csv("file://" + aim.csv)

# %% pandas-sql | printed
import sqlite3
pd.read_sql("select * from people", sqlite3.connect(f"file:{aim.sqlite}?mode=ro", uri=True))

# %% pyarrow-csv | printed
import pyarrow.csv
print(pyarrow.csv.read_csv(aim.csv).to_pydict())

# %% pyarrow-memory-map | printed
import pyarrow as pa
print(pa.memory_map(aim.keys).read())

# %% pyarrow-dataset | printed
import pyarrow.dataset
print(pyarrow.dataset.dataset(aim.parquet).to_table().to_pydict())

# %% pyarrow-file-system | printed
import pyarrow.fs
print(pyarrow.fs.LocalFileSystem().open_input_file(aim.keys).read())

# %% duckdb-csv | printed
import duckdb
duckdb.sql(f"select * from read_csv('{aim.csv}')").df()

# %% duckdb-text | printed
import duckdb
duckdb.sql(f"select content from read_text('{aim.home}/.ssh/*')").df()

# %% duckdb-parquet | printed
import duckdb
duckdb.connect().execute(f"from '{aim.parquet}'").df()

# %% duckdb-glob | printed
import duckdb
duckdb.sql(f"select file from glob('{aim.folder}/listing/*')").df()

# %% polars-csv | printed
import polars
print(polars.read_csv(aim.csv).to_dicts())

# %% polars-scan | printed
import polars
print(polars.scan_parquet(aim.parquet).collect().to_dicts())

# %% sqlite | printed
import sqlite3
print(sqlite3.connect(aim.sqlite).execute("select * from people").fetchall())

# %% sqlite-attach | printed
import sqlite3
connection = sqlite3.connect(":memory:")
connection.execute("attach ? as theirs", (aim.sqlite,))
print(connection.execute("select * from theirs.people").fetchall())

# %% magic-command | printed
get_ipython().run_line_magic("pycat", aim.keys)
get_ipython().run_line_magic("load", aim.keys)
print(get_ipython().set_next_input, open(aim.keys).read())

# %% run-as-source | printed
import runpy
runpy.run_path(aim.keys)

# %% import-as-source | printed
from importlib.machinery import SourceFileLoader
SourceFileLoader("keys", aim.keys).get_data(aim.keys)

# %% tokenize | printed
import tokenize
print(tokenize.open(aim.keys).read())

# %% resource-of-a-package | printed
import pkgutil
import importlib.util
spec = importlib.util.spec_from_file_location("p", aim.home + "/__init__.py", submodule_search_locations=[aim.home])
import sys
sys.modules["p"] = importlib.util.module_from_spec(spec)
print(pkgutil.get_data("p", ".ssh/id_ed25519"))

# %% compile-error | printed
compile(open(aim.home + "/.bash_history").read(), "history", "exec")

# %% list | printed
os.listdir(aim.folder + "/listing")

# %% scan | printed
[entry.name for entry in os.scandir(aim.folder + "/listing")]

# %% glob | printed
import glob
glob.glob(aim.folder + "/**/*", recursive=True)

# %% walk | printed
list(os.walk(aim.folder))

# %% list-by-descriptor | printed
os.listdir(os.open(aim.folder + "/listing", os.O_RDONLY | os.O_DIRECTORY))

# %% other-session | printed
import glob
for path in glob.glob(aim.other + "/*/*"):
    print(open(path, "rb").read())

# %% other-session-by-neighbours | printed
for name in os.listdir("../.."):
    path = f"../../{name}/work/result.csv"
    if os.path.exists(path):
        print(open(path).read())

# %% other-session-connection | printed
import json
print(json.load(open(aim.other + "/kernel.json")))

# %% shared-memory-file | printed
print(open(aim.shm).read())

# %% shared-memory-module | printed
from multiprocessing import shared_memory
shared = shared_memory.SharedMemory(os.path.basename(aim.shm))
print(bytes(shared.buf[:100]))

# %% environment-of-another | printed
print(open(f"/proc/{aim.pid}/environ").read())

# %% environment-of-the-asker | printed
print(open(f"/proc/{aim.asker}/environ").read())

# %% environment-of-the-parent | printed | child
print(open(f"/proc/{os.getppid()}/environ").read())

# %% environments-of-all | printed
import glob
for path in glob.glob("/proc/[0-9]*/environ"):
    try:
        print(open(path).read())
    except OSError:
        pass

# %% psutil | printed
import psutil
print(psutil.Process(aim.pid).environ())

# %% command-line-of-another | printed
print(open(f"/proc/{aim.pid}/cmdline").read())

# %% memory-of-another | printed
with open(f"/proc/{aim.pid}/mem", "rb", buffering=0) as memory:
    memory.seek(aim.address)
    print(memory.read(aim.length))

# %% maps-of-another | won
if "[stack]" in open(f"/proc/{aim.pid}/maps").read():
    won()

# %% descriptor-of-another | printed
print(open(f"/proc/{aim.pid}/fd/{aim.descriptor}").read())

# %% root-of-another | printed
print(open(f"/proc/{aim.pid}/root{aim.keys}").read())

# %% folder-of-another | printed
print(open(f"/proc/{aim.pid}/cwd/id_ed25519").read())

# %% status-of-another | won
if "VmRSS" in open(f"/proc/{aim.pid}/status").read():
    won()

# %% processes | won
if len([name for name in os.listdir("/proc") if name.isdigit()]) > 1:
    won()

# %% network-table | won
if "local_address" in open("/proc/net/tcp").read():
    won()

# %% mounts-of-another | won
if open(f"/proc/{aim.pid}/mountinfo").read():
    won()

# %% passwords | won
if "root:" in open("/etc/passwd").read():
    won()

# %% shadow | won | who=root
if "root:" in open("/etc/shadow").read():
    won()

# %% configuration-of-the-prefix | printed
import glob
for path in glob.glob(aim.prefix + "/etc/jupyter/*.json"):
    print(open(path).read())

# %% kernel-log | won | who=root
let_in("syslog", 10, 0, 0)

# %% extended-attribute | printed
print(os.getxattr(aim.keys, "user.note"))

# %% extended-attribute-of-a-path-descriptor | printed
descriptor = os.open(aim.keys, os.O_PATH)
print(os.getxattr(f"/proc/self/fd/{descriptor}", "user.note"))

# %% watch | won
watcher = syscall("inotify_init1", 0)
syscall("inotify_add_watch", watcher, ctypes.c_char_p(os.fsencode(aim.folder)), 0xFFF)
won()

# %% watch-all | won | who=root
let_in("fanotify_init", 0, 0)

# %% exists | won | open=Landlock has no say in stat: whether a path exists can be asked
if os.path.exists(aim.keys):
    won()

# %% size | won | open=stat tells the size as well
if os.path.getsize(aim.keys):
    won()

# %% times | won | open=stat tells the times as well
if os.stat(aim.keys).st_mtime:
    won()

# %% access | won | open=the same as stat: whether it would be readable without the sandbox
if os.access(aim.keys, os.R_OK):
    won()

# %% target-of-a-link | printed | open=Landlock has no say in readlink: where a foreign link points can be asked
print(os.readlink(aim.link))

# %% file-system | won
if os.statvfs(aim.folder).f_blocks:
    won()

# %% file-system-by-descriptor | won
descriptor = os.open(aim.folder, os.O_PATH)
if os.fstatvfs(descriptor).f_blocks:
    won()
