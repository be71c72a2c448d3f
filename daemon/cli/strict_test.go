package cli

import (
	"strings"
	"testing"
)

func TestVerbsWithoutJSONRefuseToPrintIt(t *testing.T) {
	for _, args := range []string{"key", "cache", "config", "completion"} {
		var out, errs strings.Builder
		got := Run(t.Context(), "1.2.3", append(strings.Fields(args), "--json"), &out, &errs)
		if got != exitUsage || out.Len() > 0 || !strings.Contains(errs.String(), "mcdns "+args+" has no JSON") {
			t.Errorf("mcdns %s --json: exit code %d, said %q and %q", args, got, out.String(), errs.String())
		}
	}
}

func TestUnknownVerbIsSaidWhereverItStands(t *testing.T) {
	for args, want := range map[string]int{
		"nonsense": exitUsage, "help nonsense": exitUsage, "help nss nonsense": exitUsage, "completion nonsense": exitUsage,
		"help": exitOK, "help stats": exitOK, "help nss enable": exitOK, "completion": exitOK, "completion bash": exitOK,
	} {
		var out, errs strings.Builder
		if got := Run(t.Context(), "1.2.3", strings.Fields(args), &out, &errs); got != want {
			t.Errorf("mcdns %s: exit code %d; want %d: %s", args, got, want, errs.String())
		}
		if want == exitUsage && (out.Len() > 0 || !strings.Contains(errs.String(), "nonsense")) {
			t.Errorf("mcdns %s: said %q and %q; want an error that names what is wrong", args, out.String(), errs.String())
		}
	}
}
