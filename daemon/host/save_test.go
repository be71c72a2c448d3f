package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing"
)

func TestDirectoryThatTheServiceMayNotWriteIsExplained(t *testing.T) {
	for _, cause := range []error{syscall.EROFS, syscall.EACCES} {
		err := fmt.Errorf("saved state: %w", &fs.PathError{Op: "mkdir", Path: "/srv/mcdns", Err: cause})
		if got := fmt.Sprint(whyUnsaved(err)...); !strings.Contains(got, "ReadWritePaths=") || !strings.Contains(got, "/srv/mcdns") {
			t.Errorf("%v: got %q; want the directory and what to do", cause, got)
		}
	}
	if got := fmt.Sprint(whyUnsaved(errors.Join(os.NewSyscallError("write", syscall.ENOSPC)))...); strings.Contains(got, "hint") {
		t.Errorf("a full disk: got %q; want no hint at rights", got)
	}
}
