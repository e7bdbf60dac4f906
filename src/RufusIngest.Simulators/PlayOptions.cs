namespace RufusIngest.Simulators;

/// <summary>How a race is played to the clients.</summary>
public sealed record PlayOptions
{
    /// <summary>
    /// Race seconds a second: 1 is real time. 0 (the default) and infinity mean as fast as the clients take it.
    /// </summary>
    public double Speed { get; init; }

    /// <summary>
    /// After so many chip reads each reader ends its connection once, in the middle of a frame. To the client's next
    /// connection it sends some reads from before the cut again and goes on; nothing is lost. Null (the default), or a
    /// number the reader never reaches: no cut.
    /// </summary>
    public int? CutAfterReads { get; init; }

    /// <summary>The clock that paces the play; unused when it runs as fast as possible.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    internal void Validate()
    {
        if (double.IsNaN(Speed) || Speed < 0)
        {
            throw new ArgumentOutOfRangeException(nameof(Speed), Speed, "The speed must be 0 or more.");
        }

        if (CutAfterReads is { } cut)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(cut, nameof(CutAfterReads));
        }
    }
}
