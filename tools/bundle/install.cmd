@echo off
rem Finds a Python and lets it do the work (install.py). Usage: install.cmd [FOLDER]
rem ASCII only: cmd.exe reads this file in the code page of the PC.
setlocal DisableDelayedExpansion
set "PYTHONHOME="
set "PYTHONPATH="
if not exist "%~dp0install.py" goto unpack
{py_launchers}python -c "import sys; sys.exit(sys.version_info < (3, 6))" >nul 2>nul
if %ERRORLEVEL% == 0 goto python
goto nopython

{py_labels}:python
python "%~dp0install.py" %*
goto end

:nopython
echo No Python was found. This bundle needs Python {pythons}, 64-bit, from python.org:
echo "Windows installer (64-bit)", no admin rights needed. See README.txt.
chcp | "%SystemRoot%\System32\find.exe" "936" >nul && type "%~dp0no-python.gbk.txt"
set "CODE=1"
goto close

:unpack
echo install.py is not beside this file. Unpack the whole zip file first, then start install.cmd in that folder.
chcp | "%SystemRoot%\System32\find.exe" "936" >nul && if exist "%~dp0no-python.gbk.txt" type "%~dp0no-python.gbk.txt"
set "CODE=1"
goto close

:end
set "CODE=%ERRORLEVEL%"

:close
if not defined RELENDING_NO_PAUSE pause
exit /b %CODE%
