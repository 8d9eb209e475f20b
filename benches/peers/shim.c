/* Times calls of a foreign transform without an interpreter between them: least time of `rounds` rounds of `calls`
   calls f(plan, in, out), the same frame over and over, in seconds per call. */
#include <time.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double best_call(void (*f)(void *, void *, void *), void *plan, void *in, void *out, long calls, int rounds) {
    double best = 1e9;
    for (int r = 0; r < rounds; r++) {
        double start = now();
        for (long i = 0; i < calls; i++) f(plan, in, out);
        double took = (now() - start) / (double)calls;
        if (took < best) best = took;
    }
    return best;
}
