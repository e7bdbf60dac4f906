using System.Text;
using RufusIngest.Reads;

namespace RufusIngest.Records;

/// <summary>Finds the point of a reader that a read was made at: the first that matches.</summary>
sealed class PointMap
{
    /// <summary>Points a reader may have: a number of one fits into a byte.</summary>
    public const int MaxPoints = 255;

    readonly Point[] _points;
    readonly byte[]? _byAntenna;

    /// <summary>Makes the map of a reader.</summary>
    /// <param name="points">Its points, found right by <see cref="IngestSettings.Validate"/>.</param>
    /// <param name="names">The reader's names; those of the points come first and so always have a number.</param>
    public PointMap(IReadOnlyList<PointSettings> points, PointNames names)
    {
        _points = [.. points.Select(point => new Point(point, names))];
        if (Array.TrueForAll(_points, point => point.IsOfAntennasOnly))
            _byAntenna = ByAntenna();
    }

    /// <summary>The number of the point from 1, or 0 when there is none for the read.</summary>
    public int Find(in ChipRead read)
    {
        if (_byAntenna is { } byAntenna)
            return byAntenna[Math.Min(read.Antenna, byAntenna.Length - 1)];
        return Search(read.Antenna, read.SubReader, read.Point);
    }

    /// <summary>The last entry stands for all antennas above those that are named.</summary>
    byte[] ByAntenna()
    {
        int above = _points.SelectMany(point => point.Antennas).Select(antenna => antenna + 1).DefaultIfEmpty().Max();
        return [.. Enumerable.Range(0, above + 1).Select(antenna => (byte)Search(antenna, 0, 0))];
    }

    int Search(int antenna, int subReader, int name)
    {
        for (int i = 0; i < _points.Length; i++)
        {
            if (_points[i].Matches(antenna, subReader, name))
                return i + 1;
        }

        return 0;
    }

    sealed class Point(PointSettings settings, PointNames names)
    {
        readonly int[] _subReaders = [.. settings.SubReaders];
        readonly int _name = settings.Name is { } name ? names.NumberOf(Encoding.UTF8.GetBytes(name)) : 0;

        public int[] Antennas { get; } = [.. settings.Antennas];

        public bool IsOfAntennasOnly => _subReaders.Length == 0 && _name == 0;

        public bool Matches(int antenna, int subReader, int name) =>
            (Antennas.Length == 0 || Antennas.AsSpan().Contains(antenna))
            && (_subReaders.Length == 0 || _subReaders.AsSpan().Contains(subReader))
            && (_name == 0 || _name == name);
    }
}
