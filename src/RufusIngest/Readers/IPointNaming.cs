using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>
/// Implemented beside <see cref="IReadParser"/> by the parser of a protocol that names the timing point of a read: it looks
/// the name up and sets <see cref="ChipRead.Point"/>.
/// </summary>
public interface IPointNaming
{
    /// <summary>
    /// Gives it the names of its reader, once before the first parse of each connection. A parser that was given none
    /// names no points.
    /// </summary>
    void Use(PointNames names);
}
