/* Role gate.N of the house. */
#ifndef GATE_SERVE_H
#define GATE_SERVE_H

int gate_serve(int argc, char **argv);

#endif
