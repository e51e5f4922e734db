package main

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// plainText makes text for a terminal of a page of the manual: paragraphs are wrapped
// to the width, what is code stays as it is, two columns to the right, and of a table
// each row is a paragraph of its own. Marks of Markdown that only GitHub shows are left
// out. Of Markdown that is read which the manual uses.
func plainText(page string, width int) string {
	var b strings.Builder
	lines := strings.Split(strings.TrimRight(page, "\n"), "\n")
	for i := 0; i < len(lines); {
		line := lines[i]
		switch {
		case line == "":
			b.WriteString("\n")
			i++
		case strings.HasPrefix(line, "```"):
			for i++; i < len(lines) && !strings.HasPrefix(lines[i], "```"); i++ {
				b.WriteString(strings.TrimRight("  "+lines[i], " ") + "\n")
			}
			i++
		case strings.HasPrefix(line, "|"):
			begin := i
			for i < len(lines) && strings.HasPrefix(lines[i], "|") {
				i++
			}
			writeRows(&b, lines[begin:i], width)
		case strings.HasPrefix(line, "#"):
			b.WriteString(plainInline(strings.TrimLeft(line, "# ")) + "\n")
			i++
		default:
			begin := i
			for i++; i < len(lines) && continues(lines[i]); i++ {
			}
			indent := len(bullet.FindString(line))
			wrapTo(&b, plainInline(strings.Join(trimmed(lines[begin:i]), " ")), width, indent)
		}
	}
	return b.String()
}

// bullet is what begins an item of a list.
var bullet = regexp.MustCompile(`^([-*]|[0-9]+\.) +`)

// continues reports whether a line goes on with the paragraph before it.
func continues(line string) bool {
	return line != "" && !strings.HasPrefix(line, "```") && !strings.HasPrefix(line, "|") && !strings.HasPrefix(line, "#") && !bullet.MatchString(line)
}

func trimmed(lines []string) (all []string) {
	for _, line := range lines {
		all = append(all, strings.TrimSpace(line))
	}
	return all
}

// Marks inside a line: links, of which the text stays, and what is set bold, slanted or
// as code.
var (
	link  = regexp.MustCompile(`!?\[([^\]]*)\]\([^)]*\)`)
	marks = regexp.MustCompile("`([^`]*)`|\\*\\*([^*]+)\\*\\*|\\*([A-Za-z][^*]*)\\*")
)

func plainInline(s string) string {
	s = link.ReplaceAllString(s, "$1")
	s = marks.ReplaceAllString(s, "$1$2$3")
	return strings.ReplaceAll(s, `\|`, "|")
}

// writeRows writes a table: the first cell, and below it the others with what the head
// calls them.
func writeRows(b *strings.Builder, rows []string, width int) {
	var head []string
	for i, row := range rows {
		cells := cellsOf(row)
		switch {
		case i == 0:
			head = cells
		case strings.Trim(row, "|-: ") == "":
		default:
			wrapTo(b, cells[0], width, 2)
			for k, cell := range cells[1:] {
				if cell != "" {
					said := cell
					if k > 0 && k+1 < len(head) && head[k+1] != "" {
						said = head[k+1] + ": " + cell
					}
					wrapTo(b, "    "+said, width, 4)
				}
			}
		}
	}
}

// cellsOf are the cells of a row. A bar that is escaped, or inside code, ends none.
func cellsOf(row string) (cells []string) {
	row = strings.ReplaceAll(strings.Trim(row, "| "), `\|`, "\x00")
	for cell := range strings.SplitSeq(row, "|") {
		cells = append(cells, plainInline(strings.ReplaceAll(strings.TrimSpace(cell), "\x00", "|")))
	}
	return cells
}

// wrapTo writes words in lines of at most width columns, those after the first one
// indented. Spaces at the beginning stay.
func wrapTo(b *strings.Builder, s string, width, indent int) {
	words := strings.Fields(s)
	column := len(s) - len(strings.TrimLeft(s, " "))
	b.WriteString(s[:column])
	for i, word := range words {
		length := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case column+1+length > width:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			column = indent
		default:
			b.WriteString(" ")
			column++
		}
		b.WriteString(word)
		column += length
	}
	b.WriteString("\n")
}
