package page

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/lab/browser"
	"github.com/mendcap/mendcap/internal/lab/builds"
)

// The bar of how pages look.
const (
	mostSheets = 12     // of a print
	tallest    = 16_000 // pixels of a page that a picture shows
)

// widths are those of the windows that pages are looked at in, CSS pixels.
var widths = []int{1200, 800, 400}

// look writes pictures of pages into a folder and checks the pages.
func look(ctx context.Context, o options, dir string, captures []string) (missed, err error) {
	if err := os.MkdirAll(o.looks, 0o755); err != nil {
		return nil, err
	}
	pages, err := pagesOf(ctx, dir, o.looks, captures)
	if err != nil {
		return nil, err
	}
	axe := ""
	if o.axe != "" {
		if axe, err = axeCore(ctx, o.axe); err != nil {
			return nil, err
		}
	}
	s, err := browser.Start(ctx)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	var all []error
	for _, page := range pages {
		found, err := lookAt(s, page, axe)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", page, err)
		}
		for _, what := range found {
			all = append(all, fmt.Errorf("%s: %s", filepath.Base(page), what))
		}
	}
	return errors.Join(all...), nil
}

// pagesOf writes the pages of captures, and that of a batch of them, into a folder.
func pagesOf(ctx context.Context, dir, to string, captures []string) (pages []string, err error) {
	mendcap := filepath.Join(dir, "mendcap")
	if err := builds.Here(ctx, mendcap); err != nil {
		return nil, err
	}
	if len(captures) == 0 {
		if captures, err = usual(dir); err != nil {
			return nil, err
		}
	}
	for _, in := range captures {
		name, _, _ := strings.Cut(filepath.Base(in), ".")
		page := filepath.Join(to, name+".html")
		if err := builds.Run(ctx, "", mendcap, "repair", "-q", "-w", os.DevNull, "--report", page, in); err != nil {
			return nil, err
		}
		pages = append(pages, page)
	}
	page := filepath.Join(to, "batch.html")
	args := slices.Concat([]string{"batch", "-q", "-o", filepath.Join(dir, "out"), "--pages", "--report", page}, captures)
	if err := builds.Run(ctx, "", mendcap, args...); err != nil {
		return nil, err
	}
	return append(pages, page), nil
}

// usual are captures of four kinds: the sample of a raw socket, that of socket addresses,
// a lossy recording with all that a sniffer does to it, and one of many connections.
func usual(dir string) ([]string, error) {
	all := []string{filepath.Join("testdata", "rawsocket.pcapng"), filepath.Join("testdata", "sockaddr.pcap")}
	for name, way := range map[string]string{"lossy": "everything", "many-flows": "rawsocket"} {
		recording, err := lab.Load(recordings(name)[0])
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(lab.Degradations(), func(d lab.Degradation) bool { return d.Name == way })
		file := filepath.Join(dir, name+".pcapng")
		f, err := os.Create(file)
		if err != nil {
			return nil, err
		}
		packets := lab.Degrade(lab.Delivered(recording.Packets), lab.Degradations()[i], 1)
		if err := errors.Join(lab.WriteForm(f, packets, lab.WithHeaders, lab.Pcapng), f.Close()); err != nil {
			return nil, err
		}
		all = append(all, file)
	}
	slices.Sort(all)
	return all, nil
}

// lookAt writes pictures of a page beside it, and says what is wrong with it.
func lookAt(s *browser.Session, path, axe string) (wrong []string, err error) {
	page, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	base := strings.TrimSuffix(path, ".html")
	for _, width := range widths {
		for _, scheme := range []string{"light", "dark"} {
			found, err := lookIn(s, page, base, width, scheme, axe)
			if err != nil {
				return nil, err
			}
			for _, what := range found {
				wrong = append(wrong, fmt.Sprintf("%d pixels wide, %s: %s", width, scheme, what))
			}
		}
	}
	if err := s.View(widths[0], 900, "light"); err != nil {
		return nil, err
	}
	sheets, err := s.Print()
	if err != nil {
		return nil, err
	}
	printed := len(sheet.FindAll(sheets, -1))
	fmt.Printf("%-24s %d sheets printed\n", filepath.Base(path), printed)
	if printed == 0 || printed > mostSheets {
		wrong = append(wrong, fmt.Sprintf("%d sheets printed, want at most %d", printed, mostSheets))
	}
	return wrong, os.WriteFile(base+".pdf", sheets, 0o644)
}

// sheet matches the object of a page in a PDF file.
var sheet = regexp.MustCompile(`/Type\s*/Page\b`)

// lookIn looks at a page in a window of that width, in light or dark colours.
func lookIn(s *browser.Session, page []byte, base string, width int, scheme, axe string) (wrong []string, err error) {
	if err := s.View(width, 900, scheme); err != nil {
		return nil, err
	}
	if _, err := s.Show(page); err != nil {
		return nil, err
	}
	picture, err := s.Picture(width, tallest)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(fmt.Sprintf("%s-%d-%s.png", base, width, scheme), picture, 0o644); err != nil {
		return nil, err
	}
	var wide []string
	if err := s.Run(wider, &wide); err != nil {
		return nil, err
	}
	wrong = append(wrong, wide...)
	if axe != "" {
		found, err := askAxe(s, axe)
		if err != nil {
			return nil, err
		}
		wrong = append(wrong, found...)
	}
	if scheme == "light" {
		found, err := s.Tabs()
		if err != nil {
			return nil, err
		}
		wrong = append(wrong, found...)
	}
	return append(wrong, s.Complaints...), nil
}

// wider says whether findings are wider than their place, and what makes a page wider than
// its window, where it is.
const wider = `const cut = [...document.querySelectorAll(".finds .scroll")].filter((e) => e.scrollWidth > e.clientWidth);
	if (cut.length > 0) return ["findings are cut: " + cut[0].scrollWidth + " pixels in " + cut[0].clientWidth];
	const room = document.documentElement.clientWidth;
	if (document.documentElement.scrollWidth <= room) return [];
	const named = (e) => e.tagName.toLowerCase() + (e.className ? "." + (e.className.baseVal ?? e.className) : "");
	return ["wider than the window by " + (document.documentElement.scrollWidth - room) + " pixels, as is " +
		[...document.body.querySelectorAll("*")].filter((e) => e.getBoundingClientRect().right > room + 1 && !e.closest(".scroll, .pan")).slice(0, 3).map(named).join(", ")];`
