/** The command did what it was asked to. */
export const EXIT_OK = 0;
/** Something failed; one line on stderr says what, with its code. */
export const EXIT_FAILED = 1;
/** The command line is malformed. */
export const EXIT_USAGE = 2;
/** Ended by the user (Ctrl-C), as shells count it. */
export const EXIT_INTERRUPTED = 130;
