#!/bin/sh
# Makes this folder's recording again: as root on Linux, with iproute2, tshark,
# python3 and Go, from the repository's root: sh testdata/scripted/make.sh
#
# A host talks to forty neighbours, by TCP and UDP; the script that mendcap
# ships records its tables while the sockets are open.
set -e
if [ "$1" != inside ]; then
	work=$(mktemp -d)
	go run ./cmd/mendcap tables --script linux >"$work/record.sh"
	unshare -n -p -f --mount-proc sh "$0" inside "$work"
	go run ./internal/lab/cmd degrade -degradation none -form headers -tables none -o "$work/clean.pcapng" "$work/full.pcapng"
	gzip -9n <"$work/clean.pcapng" >testdata/scripted/scripted.pcapng.gz
	rm -rf testdata/scripted/scripted.tables
	cp -r "$work/scripted.tables" testdata/scripted/
	rm -rf "$work"
	exit
fi
cd "$2"
ip link set lo up
unshare -n sleep 90 &
peers=$!
sleep 0.3
ip link add v0 type veth peer name v1
ip link set v1 netns "$peers"
ethtool -K v0 tx off rx off tso off gso off 2>/dev/null || true
ip link set v0 up
ip addr add 2001:db8:1::10/64 dev v0 nodad
nsenter -t "$peers" -n sh -c 'ip link set lo up; ip link set v1 up
for i in $(seq 1 40); do ip addr add 2001:db8:1::$(printf %x $((i * 77)))/64 dev v1 nodad; done'
sleep 1.5
tshark -q -i v0 -w full.pcapng 2>/dev/null &
capture=$!
sleep 2
nsenter -t "$peers" -n python3 -c "
import socket, threading, time
s = socket.socket(socket.AF_INET6); s.setsockopt(1, 2, 1); s.bind(('::', 8080)); s.listen(50)
u = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); u.bind(('::', 5300))
def answer(c):
    for _ in range(3): c.sendall(c.recv(1000))
def accept():
    while True: threading.Thread(target=answer, args=(s.accept()[0],), daemon=True).start()
def swallow():
    while True: u.recvfrom(2000)
threading.Thread(target=accept, daemon=True).start()
threading.Thread(target=swallow, daemon=True).start()
time.sleep(12)
" &
sleep 0.7
python3 -c "
import socket, time, os
keep = []
for i in range(1, 41):
    a = '2001:db8:1::%x' % (i * 77)
    c = socket.socket(socket.AF_INET6); c.connect((a, 8080)); keep.append(c)
    for n in range(3):
        c.sendall((b'request %d of connection %d ' % (n, i)) * 4); c.recv(1000)
    u = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); u.connect((a, 5300)); u.send(b'datagram %d ' % i * 4); keep.append(u)
os.system('sh record.sh scripted.pcapng')
time.sleep(1)
"
sleep 1
kill "$capture"
sleep 1
kill "$peers"
