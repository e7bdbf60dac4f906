namespace RufusIngest.Records;

/// <summary>
/// Notices when a reader's clock is set: a lasting change of the difference between its times and their arrival. Of 10 s of
/// arrivals the largest difference counts, which is that of the read least delayed. A single late batch is no step, nor is a
/// backlog that is caught up, whose difference changes all the time, nor a clock that drifts.
/// </summary>
/// <remarks>All in ticks. Two windows in a row must agree within half the limit, before anything is believed.</remarks>
sealed class ClockWatch
{
    const long Window = 10 * TimeSpan.TicksPerSecond;
    const long None = long.MinValue;

    long _until = None;
    long _largest;
    long _windowBefore = None;
    long _baseline = None;

    /// <summary>The difference that the reader has now, as far as it is known; else 0.</summary>
    public long Difference => _baseline == None ? 0 : _baseline;

    /// <summary>Reads that arrived together; ask <see cref="Pass"/> first.</summary>
    /// <param name="difference">Time of the newest of them less their arrival.</param>
    /// <param name="receivedAt">Their arrival.</param>
    public void Observe(long difference, long receivedAt)
    {
        if (_until == None)
        {
            _until = receivedAt + Window;
            _largest = difference;
        }
        else if (difference > _largest)
        {
            _largest = difference;
        }
    }

    /// <summary>Host time went on.</summary>
    /// <returns>By how much the reader's clock was set, when that has become certain; else 0.</returns>
    public long Pass(long hostTime, long limit)
    {
        if (_until == None || hostTime < _until)
            return 0;
        _until = None;
        long before = _windowBefore;
        _windowBefore = _largest;
        if (before == None || Math.Abs(_largest - before) >= limit / 2)
            return 0;
        long known = _baseline;
        if (known == None)
        {
            _baseline = _largest;
            return 0;
        }

        long shift = _largest - known;
        bool isStep = Math.Abs(shift) > limit && Math.Abs(before - known) > limit;
        if (isStep || Math.Abs(shift) <= limit)
            _baseline = _largest;
        return isStep ? shift : 0;
    }
}
