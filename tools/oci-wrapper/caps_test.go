package main

import "testing"

const privileged = `{"ociVersion":"1.0.2","process":{"rlimits":[{"hard":18446744073709551615}],"capabilities":{"bounding":["CAP_CHOWN","CAP_SYS_RESOURCE"],"effective":["CAP_SYS_RESOURCE"]}}}`

func TestDropsOnlyWhatTheHostLacks(t *testing.T) {
	allowed, err := namesOf("1fffeffffff")
	if err != nil {
		t.Fatal(err)
	}
	fixed, changed, err := without([]byte(privileged), true, allowed)
	if err != nil || !changed {
		t.Fatal(changed, err)
	}
	expected := `{"ociVersion":"1.0.2","process":{"capabilities":{"bounding":["CAP_CHOWN"],"effective":[]},"rlimits":[{"hard":18446744073709551615}]}}`
	if string(fixed) != expected {
		t.Errorf("got  %s\nwant %s", fixed, expected)
	}
}

func TestLeavesAPossibleDocumentAlone(t *testing.T) {
	allowed, err := namesOf("1ffffffffff")
	if err != nil {
		t.Fatal(err)
	}
	if _, changed, err := without([]byte(privileged), true, allowed); changed || err != nil {
		t.Error(changed, err)
	}
}

func TestFindsTheDocument(t *testing.T) {
	for _, test := range []struct {
		args     []string
		path     string
		isBundle bool
	}{
		{[]string{"--root", "/r", "--log", "/l", "create", "--bundle", "/b", "id"}, "/b/config.json", true},
		{[]string{"--root", "/r", "--systemd-cgroup", "exec", "--process", "/p.json", "id"}, "/p.json", false},
		{[]string{"exec", "--process=/p.json", "id"}, "/p.json", false},
		{[]string{"--root", "create", "delete", "id"}, "", false},
	} {
		if path, isBundle := document(test.args); path != test.path || isBundle != test.isBundle {
			t.Errorf("%v: %q %v", test.args, path, isBundle)
		}
	}
}
