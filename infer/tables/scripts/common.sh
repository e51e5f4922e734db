# reads, and sends nothing.

usage() {
	echo "usage: sh $0 [--every SECONDS [--count MOMENTS]] CAPTURE" >&2
	exit 2
}
every='' count=''
while [ $# -gt 1 ]; do
	case $2 in
	'' | 0* | *[!0-9]*) usage ;;
	esac
	case $1 in
	--every) every=$2 ;;
	--count) count=$2 ;;
	*) usage ;;
	esac
	shift 2
done
[ $# -eq 1 ] || usage
case $1 in
'' | -*) usage ;; # a capture of such a name has ./ in front of it
esac
[ -z "$count" ] || [ -n "$every" ] || usage
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
cut .pcapng .pcap .ntar .cap .dmp .trc .etl
folder=$stem.tables
mkdir -p -- "$folder" || exit 1

moment=0 files=0 file=''
# save NAME COMMAND...: what the command prints, if it prints anything; at the
# first moment into a file of its own.
save() {
	if [ "$moment" -gt 0 ]; then
		shift
		"$@" 2>/dev/null </dev/null
		echo
		return
	fi
	file=$folder/$now-$1.txt
	shift
	"$@" >"$file" 2>/dev/null </dev/null
	if [ -s "$file" ]; then
		files=$((files + 1))
	else
		rm -f -- "$file"
	fi
	file=''
}
have() { command -v "$1" >/dev/null 2>&1; }

# finish ends the script; of the file that was being written nothing stays.
finish() {
	[ -z "$file" ] || rm -f -- "$file"
	echo "$files files in $folder"
	if [ "$files" -gt 0 ]; then
		exit 0
	fi
	exit 1
}
trap finish INT TERM

