package trees

import "testing"

func TestTreesThatDiffer(t *testing.T) {
	want := Tree{"a": "1", "b": "2"}
	for _, c := range []struct {
		got  Tree
		want string
	}{
		{Tree{"a": "1", "b": "2"}, ""},
		{Tree{"a": "1"}, "b is missing"},
		{Tree{"a": "1", "b": "3"}, "b differs"},
		{Tree{"a": "1", "b": "2", "c": ""}, "c should not be there"},
	} {
		if got := c.got.Differs(want); got != c.want {
			t.Errorf("%v: got %q, want %q", c.got, got, c.want)
		}
	}
}
