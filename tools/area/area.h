/* Which lines of a picture become which of a smaller one, along one axis: line i of the small one
 * is made of those from first[i] on, with weights from weight[start[i]] to weight[start[i + 1]]. */
typedef struct {
    int count;
    const int *first;
    const int *start;
    const float *weight;
} Axis;

extern const char made_of[];

/* Shrinks an RGB picture, of which each row lies `step` bytes behind the one before, into `small`,
 * rows without gaps. wide: of the picture, px; room: for 3 * wide + 1 + 8 * across->count floats. */
void shrink(const unsigned char *picture, int64_t step, int wide, const Axis *across,
            const Axis *down, float *room, unsigned char *small);
