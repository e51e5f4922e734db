package headers
import ("testing";"path/filepath";"github.com/mendcap/mendcap/internal/lab";"fmt")
func TestZZ(t *testing.T) {
	recording, err := lab.Load(filepath.Join("..", "..", "..", "testdata", "recordings", "many-flows.pcapng.gz"))
	if err != nil { t.Fatal(err) }
	c := NewCase("x", lab.Unanswered(lab.Delivered(recording.Packets), lab.Plans()[0], 500))
	for _, u := range []Condition{{Tables:"none"},{Tables:"all"},{Tables:"all",Only:"out"}} {
	tables, _ := u.snapshot(c, 1)
	packets, truth := u.packets(c), u.truth(c)
	answers := engineAnswers(tables, packets)
	for i, a := range answers {
		if a.Destination != truth[i].dst && (!a.Destination.IsUnspecified() || u.Tables=="all") {
			fmt.Println(u, i, truth[i].src, truth[i].dst, truth[i].next, truth[i].data[:4], a.Destination, a.Evidence, a.Posterior, a.DestinationOrigin, a.Candidates)
		}
	}
	}
}
