package nearest

import "testing"

func TestOf(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		word  string
		known []string
		want  string
	}{
		{"comand", []string{"command", "manifest"}, "command"},
		{"MANIFEST", []string{"command", "manifest"}, "manifest"},
		{"", []string{"ab", "a"}, "a"},
		{"kubernets", []string{"controller", "kubernetes", "name"}, "kubernetes"},
		{"x", nil, ""},
	} {
		if got := Of(tc.word, tc.known); got != tc.want {
			t.Errorf("Of(%q, %q) = %q, want %q", tc.word, tc.known, got, tc.want)
		}
	}
}
