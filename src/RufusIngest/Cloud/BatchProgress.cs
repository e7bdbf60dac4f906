using RufusIngest.Passings;

namespace RufusIngest.Cloud;

/// <summary>How far the batch at the head is: what is known of each of its numbers. Pure; one thread.</summary>
sealed class BatchProgress
{
    readonly List<SetAsidePassing> _setAside = [];
    Mark[] _marks = [];
    int _last;
    int _told;

    enum Mark : byte
    {
        Open,
        MaybeSent,
        Taken,
        SetAside,
    }

    /// <summary>All numbers up to it are taken or set aside.</summary>
    public int Cursor { get; private set; }

    public bool IsDone => Cursor == _last;

    int First { get; set; }

    /// <summary>Starts with a batch.</summary>
    /// <param name="first">Its first number.</param>
    /// <param name="last">Its last number.</param>
    /// <param name="maybeSentUpTo">Numbers up to this one may have been sent before.</param>
    public void Begin(int first, int last, int maybeSentUpTo)
    {
        int count = last - first + 1;
        if (count > _marks.Length)
            _marks = new Mark[count];
        First = first;
        _last = last;
        Cursor = _told = first - 1;
        _marks.AsSpan(0, count).Clear();
        MarkSent(first, Math.Min(last, maybeSentUpTo));
    }

    /// <summary>
    /// Last of the numbers in a row from the one behind the cursor that are neither taken nor set aside.
    /// </summary>
    public int EndOfRun(int most)
    {
        int number = Cursor + 1;
        while (number < _last && number - Cursor < most && Of(number + 1) <= Mark.MaybeSent)
            number++;
        return number;
    }

    public void MarkSent(int from, int to)
    {
        for (int number = from; number <= to; number++)
        {
            if (Of(number) == Mark.Open)
                Of(number) = Mark.MaybeSent;
        }
    }

    public int CountSent(int from, int to)
    {
        int count = 0;
        for (int number = from; number <= to; number++)
            count += Of(number) == Mark.MaybeSent ? 1 : 0;
        return count;
    }

    /// <summary>Nothing that is still open was sent to the session that is sent to from now on.</summary>
    public void ForgetSent()
    {
        foreach (ref Mark mark in _marks.AsSpan())
        {
            if (mark == Mark.MaybeSent)
                mark = Mark.Open;
        }
    }

    public void Take(int from, int to) => _marks.AsSpan(from - First, to - from + 1).Fill(Mark.Taken);

    public void SetAside(SetAsidePassing passing)
    {
        Of(passing.Number) = Mark.SetAside;
        _setAside.Add(passing);
    }

    /// <summary>Moves the cursor over all that is taken or set aside.</summary>
    public void Advance()
    {
        while (Cursor < _last && Of(Cursor + 1) >= Mark.Taken)
            Cursor++;
    }

    /// <summary>What the cursor has passed since this was last asked.</summary>
    /// <returns>Whether it moved.</returns>
    public bool TellMove(out IReadOnlyList<SetAsidePassing>? setAside)
    {
        setAside = null;
        if (Cursor == _told)
            return false;
        _told = Cursor;
        if (_setAside.Count > 0)
        {
            SetAsidePassing[] passed = [.. _setAside.Where(p => p.Number <= Cursor).OrderBy(p => p.Number)];
            _setAside.RemoveAll(p => p.Number <= Cursor);
            setAside = passed.Length > 0 ? passed : null;
        }

        return true;
    }

    ref Mark Of(int number) => ref _marks[number - First];
}
