# %% forged-reply | flooded | alone careless seconds=5 message=1M traffic=4M heavy
import json
kernel = get_ipython().kernel
def forged(what, *rest, dumps=json.dumps, **more):
    return '{"stdout": "' + "x" * 40_000_000 + '"}' if isinstance(what, dict) and "seconds" in what else dumps(what, *rest, **more)
import sys, types
sys.modules["csvagent_jupyter.sandbox.inside.answers"].json = types.SimpleNamespace(dumps=forged)
print("x" * 40_000_000 if kernel is None else "")

# %% forged-reply-nested | hung | alone careless seconds=1 waits
import json
def forged(what, *rest, dumps=json.dumps, **more):
    return "[" * 400_000 if isinstance(what, dict) and "seconds" in what else dumps(what, *rest, **more)
import sys, types
sys.modules["csvagent_jupyter.sandbox.inside.answers"].json = types.SimpleNamespace(dumps=forged)
import os
os.mkfifo("../out/e1-figure-1.png")

# %% forged-path-of-a-figure | printed | alone careless
import json
path = os.path.relpath(aim.keys, "../out")
def forged(what, *rest, path=path, dumps=json.dumps, **more):
    if isinstance(what, dict) and "seconds" in what:
        what = what | {"figures": [{"png": path, "svg": path}], "charts": [{"kind": "bar"}]}
    return dumps(what, *rest, **more)
import sys, types
sys.modules["csvagent_jupyter.sandbox.inside.answers"].json = types.SimpleNamespace(dumps=forged)

# %% forged-path-of-a-table | printed | alone careless
import json
def forged(what, *rest, arrow=aim.arrow, dumps=json.dumps, **more):
    if isinstance(what, dict) and "seconds" in what:
        table = {"columns": ["a"], "rows": [], "total_rows": 1, "arrow": arrow}
        what = what | {"tables": [table]}
    return dumps(what, *rest, **more)
import sys, types
sys.modules["csvagent_jupyter.sandbox.inside.answers"].json = types.SimpleNamespace(dumps=forged)

# %% link-for-a-figure | printed | alone careless
import json
os.symlink(aim.keys, "../out/e1-figure-7.png")
os.symlink(aim.keys, "../out/e1-figure-7.svg")
def forged(what, *rest, dumps=json.dumps, **more):
    if isinstance(what, dict) and "seconds" in what:
        figures = [{"png": "e1-figure-7.png", "svg": "e1-figure-7.svg"}]
        what = what | {"figures": figures, "charts": [{"kind": "bar"}]}
    return dumps(what, *rest, **more)
import sys, types
sys.modules["csvagent_jupyter.sandbox.inside.answers"].json = types.SimpleNamespace(dumps=forged)

# %% link-among-the-files | printed | careless
os.symlink(aim.keys, "report.csv")

# %% link-to-a-folder-among-the-files | printed | careless
os.symlink(aim.home + "/.ssh", "reports")

# %% hard-link-among-the-files | printed | careless
os.link(aim.keys, "report.csv")

# %% folder-replaced-by-a-link | printed | alone careless
os.rename("../out", "../out-old")
os.symlink(aim.home + "/.ssh", "../out")

# %% work-replaced-by-a-link | printed | alone careless
os.rename("../work", "../work-old")
os.symlink(aim.home + "/.ssh", "../work")

# %% fifo-among-the-files | hung | alone careless seconds=1 waits
os.mkfifo("report.csv")

# %% fifo-for-a-figure | hung | alone careless seconds=1 waits
for number in range(1, 4):
    os.mkfifo(f"../out/e1-figure-{number}.png")
plt.plot([1, 2])
plt.show()

# %% sparse-giant-among-the-files | flooded | alone careless seconds=5 work_size=8M message=1M traffic=4M heavy
with open("report.csv", "wb") as file:
    file.truncate(100_000_000)

# %% giant-table-in-a-small-file | flooded | alone careless seconds=10 message=1M traffic=4M heavy
import pyarrow as pa
import pyarrow.feather
import glob
table = pa.table({"a": pa.array(np.zeros(10_000_000))})
pyarrow.feather.write_feather(table, "a.arrow", compression="zstd")
os.makedirs("../out", exist_ok=True)
open("../out/e1-table-1.arrow", "wb").write(open("a.arrow", "rb").read())

# %% no-reply | hung | alone careless seconds=1 heavy waits
import asyncio
kernel = get_ipython().kernel
async def silent(*arguments, **more):
    return None
kernel.session.send = lambda *arguments, **more: None

# %% closed-channels | hung | alone careless seconds=1 waits
import gc
import zmq
for one in gc.get_objects():
    if isinstance(one, zmq.Socket):
        one.close(linger=0)

# %% taken-interpreter | hung | alone careless seconds=1 heavy waits
import threading
import time
def hold(hold=ctypes.pythonapi.PyGILState_Ensure, spin=ctypes.pythonapi.PyRun_SimpleString):
    spin(b"import sys; sys.setswitchinterval(1e9)\nwhile True: pass")
threading.Thread(target=hold, daemon=True).start()
time.sleep(30)

# %% stopped-process | hung | alone careless seconds=1 heavy waits
import signal
os.kill(os.getpid(), signal.SIGSTOP)

# %% ended-process | hung | alone careless seconds=1 waits
os._exit(0)

# %% aborted-process | hung | alone careless seconds=1 waits
os.abort()

# %% broken-memory | hung | alone careless seconds=1 waits
ctypes.string_at(0)

# %% question-to-a-person | hung | alone careless=plain seconds=1 waits
kernel = get_ipython().kernel
kernel._allow_stdin = True
input("Password: ") if hasattr(kernel, "raw_input") else None

# %% flood-of-comms | flooded | alone careless=plain seconds=8 message=1M traffic=4M
import comm
for number in range(400):
    comm.create_comm(target_name="x", data={"x": "x" * 100_000})

# %% flood-of-displays | flooded | alone careless=plain seconds=8 message=1M traffic=4M heavy
publish = get_ipython().display_pub.publish
for number in range(400):
    publish({"text/html": "x" * 100_000})

# %% flood-of-streams | flooded | alone careless=plain seconds=8 message=1M traffic=4M heavy
kernel = get_ipython().kernel
parent = kernel.get_parent()
for number in range(400):
    kernel.session.send(
        kernel.iopub_socket, "stream", {"name": "stdout", "text": "x" * 100_000}, parent, ident=b"stream.stdout"
    )

# %% one-message-of-200-mb | flooded | alone careless=plain seconds=20 message=1M traffic=4M heavy
get_ipython().display_pub.publish({"text/plain": "x" * 200_000_000})

# %% forged-stream | won | careless=plain
kernel = get_ipython().kernel
parent = {"header": {"msg_id": "somebody-elses", "session": "x"}}
kernel.session.send(kernel.iopub_socket, "display_data", {"data": {"text/plain": aim.word}, "metadata": {}}, parent)

# %% raw-bytes | hung | alone careless seconds=1 waits
kernel = get_ipython().kernel
socket = kernel.iopub_socket
socket.send_multipart([b"stream.stdout", b"<IDS|MSG>", b"", b"{", b"{", b"{", b"{"])
kernel.session.send = lambda *arguments, **more: None

# %% remember-between-questions | changed | alone
import atexit
atexit.register(lambda: open(aim.victim, "w").write("mine"))
get_ipython().kernel.do_shutdown = lambda *rest: open(aim.victim, "w").write("mine")
open(aim.victim, "w").write("mine")
