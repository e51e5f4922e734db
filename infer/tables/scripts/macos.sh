#!/bin/sh
# Records the network tables of this Mac (or BSD host) into a folder beside a
# capture, where "mendcap repair" finds them:
#
#	sh record.sh capture.pcapng		(writes capture.tables/)
#
# Run it while the capture runs, or right after; several times do no harm, each
# writes files of its own. It only reads, and sends nothing.

if [ $# -ne 1 ] || [ -z "$1" ]; then
	echo "usage: sh $0 CAPTURE" >&2
	exit 2
fi
LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL PATH

stem=$1
# cut SUFFIX...: takes the first of them that it has off the stem.
cut() {
	for suffix in "$@"; do
		case $stem in
		*[!/]"$suffix")
			stem=${stem%"$suffix"}
			return
			;;
		esac
	done
}
cut .gz .zst .xz .lz4 .bz2
cut .pcapng .pcap .ntar .cap .dmp .trc
folder=$stem.tables
mkdir -p -- "$folder" || exit 1

now=$(date -u +%Y%m%dT%H%M%SZ)
while ls -d -- "$folder/$now"-* >/dev/null 2>&1; do
	sleep 1
	now=$(date -u +%Y%m%dT%H%M%SZ)
done

files=0
# save NAME COMMAND...: what the command prints, if it prints anything.
save() {
	file=$folder/$now-$1.txt
	shift
	"$@" >"$file" 2>/dev/null </dev/null
	if [ -s "$file" ]; then
		files=$((files + 1))
	else
		rm -f -- "$file"
	fi
}

# Without this option netstat cuts IPv6 addresses.
case $(uname) in
Darwin) whole=-l ;;
*) whole=-W ;;
esac

save netstat-sockets netstat -an "$whole"
save netstat-routes netstat -rn "$whole"
save netstat-groups netstat -gn "$whole"
save ndp ndp -an
save ifconfig ifconfig -a
save arp arp -an

echo "$files files in $folder"
[ "$files" -gt 0 ]
