package nss

import (
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"mcdns/test/checks"
)

// amount is how much of it: ten times as much where everything is wanted.
func amount(short int) string {
	if checks.File != "" {
		short *= 10
	}
	return strconv.Itoa(short)
}

// The reply decoder under ASan and UBSan: replies that are nearly right, from a
// seed. A failure is repeated with: fuzz SEED ROUNDS.
func TestMutatedRepliesDoNoHarm(t *testing.T) {
	args := append(append([]string{}, sanitizers...), "-Inss", "test/nss/testdata/fuzz.c", "nss/stream.c", "nss/fill.c", "nss/stamp.c")
	program := compile(t, "fuzz", "cc", args...)
	seed := strconv.FormatInt(time.Now().UnixNano()%1e9, 10)
	t.Logf("seed %s", seed)
	rounds := amount(20000)
	output(t, exec.Command(program, seed, rounds)).want(t, "rounds", rounds)
}

// The same with clang's libFuzzer, which follows the branches.
func TestFuzzedRepliesDoNoHarm(t *testing.T) {
	program := compile(t, "libfuzzer", "clang", "-DLIBFUZZER", "-g", "-O1", "-fsanitize=fuzzer,address,undefined",
		"-fno-sanitize-recover=all", "-Inss", "test/nss/testdata/fuzz.c", "nss/stream.c", "nss/fill.c", "nss/stamp.c")
	cmd := exec.Command(program, "-runs="+amount(50000), "-max_len=1400", "-print_final_stats=1", "-artifact_prefix="+filepath.Join(work, "crash-"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
