package figures

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// bigPages has the kernel hold the heap in pages of 2 MiB. A datagram to a thousand
// hosts touches memory all over gigabytes, and with small pages a quarter of the time
// goes into finding where they are. It changes nothing else, and does nothing where the
// kernel cannot (MADV_COLLAPSE is of Linux 6.1).
type bigPages struct{ had int } // bytes that were there the last time

// growth is how much more there must be before it is worth doing again.
const growth = 128 << 20

// want asks for big pages if there is much that has none.
func (b *bigPages) want() {
	areas := heapAreas()
	all := 0
	for _, a := range areas {
		all += int(a.to - a.from)
	}
	if all < b.had+growth {
		return
	}
	b.had = all
	for _, a := range areas {
		for _, advice := range []uintptr{unix.MADV_HUGEPAGE, unix.MADV_COLLAPSE} {
			_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, a.from, a.to-a.from, advice)
		}
	}
}

type area struct{ from, to uintptr }

// heapAreas are those of memory that are large and no file.
func heapAreas() (found []area) {
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return nil
	}
	defer maps.Close()
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		var a area
		var flags string
		if _, err := fmt.Sscanf(lines.Text(), "%x-%x %s", &a.from, &a.to, &flags); err != nil {
			continue
		}
		const worth = 64 << 20
		if anonymous := !strings.ContainsAny(lines.Text(), "/["); anonymous && strings.HasPrefix(flags, "rw") && a.to-a.from >= worth {
			found = append(found, a)
		}
	}
	return found
}
