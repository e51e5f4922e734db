package main

import (
	"encoding/json"
	"regexp"
	"strings"
)

// shellWords quotes words for a POSIX shell (XCU, 2.2.2): within single quotes all
// characters are plain but the quote itself.
func shellWords(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = word
		if !plainWord.MatchString(word) {
			quoted[i] = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
		}
	}
	return strings.Join(quoted, " ")
}

// plainWord matches words that no shell changes.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:@%+-]+$`)

// jsonText writes a value as JSON. On one line that is YAML too (YAML 1.2, 1.2).
func jsonText(value any) (string, error) {
	text, err := json.Marshal(value)
	return string(text), err
}

// groovyText quotes text for Groovy, which expands nothing between single quotes.
func groovyText(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}

// unexpanded keeps Kubernetes from expanding $(NAME) in an argument, and from taking $$
// for one dollar.
func unexpanded(argument string) string { return strings.ReplaceAll(argument, "$", "$$") }
