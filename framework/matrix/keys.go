package matrix

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dsconform/dsconform/internal/nearest"
)

// known refuses keys that nobody reads, and names the nearest that somebody does.
func known(content any) error {
	top, err := keys(content, "the file", "rows")
	if err != nil {
		return err
	}
	rows, _ := top["rows"].([]any) // of another type is refused by the decoder, by name
	for i, row := range rows {
		where := fmt.Sprintf("row %d", i+1)
		fields, err := keys(row, where, "name", "kubernetes", "controller", "subject", "expect")
		if err != nil {
			return err
		}
		expected, _ := fields["expect"].([]any)
		for _, expect := range expected {
			if _, err := keys(expect, where+", expect", "fail", "why"); err != nil {
				return err
			}
		}
	}
	return nil
}

// keys gives the fields of what must be a mapping with no other keys than those allowed.
func keys(content any, where string, allowed ...string) (map[string]any, error) {
	fields, ok := content.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s is no mapping; it has %s", where, strings.Join(allowed, ", "))
	}
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		if !slices.Contains(allowed, key) {
			return nil, fmt.Errorf("%s has the unknown key %q; the nearest is %q", where, key, nearest.Of(key, allowed))
		}
	}
	return fields, nil
}

// kindOf names a type of Go as YAML's readers know it.
func kindOf(goType string) string {
	switch {
	case strings.HasPrefix(goType, "[]"):
		return "a list"
	case goType == "string":
		return "text"
	}
	return "a mapping"
}

// valueOf names a value of JSON as YAML's readers know it.
func valueOf(value string) string {
	switch {
	case strings.HasPrefix(value, "number"):
		return "a number (quote it to make it text)"
	case value == "object":
		return "a mapping"
	case value == "array":
		return "a list"
	case value == "string":
		return "text"
	}
	return "a " + value
}

// oneLine joins the lines of an error's text; the YAML library writes several.
func oneLine(err error) error { return errors.New(strings.Join(strings.Fields(err.Error()), " ")) }
